/** Who signed, by the same rules as the contracts: v is 27 or 28, s in the lower half. */
import { hashTypedData, recoverAddress } from "viem";
import { bytes, type Hex } from "./bytes";
import { domainOf } from "./checkpoints";

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

/** The address whose key signed a digest, in lower case; throws for a signature that contracts refuse. */
export async function signer(digest: Hex, signature: Hex): Promise<Hex> {
  const data = bytes(signature);
  if (data.length !== 65 || (data[64] !== 27 && data[64] !== 28)) throw new Error("it is no signature of 65 bytes with v 27 or 28");
  if (BigInt(`0x${signature.slice(66, 130)}`) > ORDER / 2n) throw new Error("its s is in the upper half of the group order");
  return (await recoverAddress({ hash: digest, signature })).toLowerCase() as Hex;
}

/** Who endorsed a certificate on the private chain's RevocationLedger. */
export async function certificateSigner(
  request: Hex,
  certificate: Hex,
  chainId: string,
  ledger: Hex,
  signature: Hex,
): Promise<Hex> {
  const types = {
    Certificate: [
      { name: "requestId", type: "bytes32" },
      { name: "certificateDigest", type: "bytes32" },
    ],
  } as const;
  const message = { requestId: request, certificateDigest: certificate };
  const domain = domainOf("LoRAnchor RevocationLedger", chainId, ledger);
  return signer(hashTypedData({ domain, types, primaryType: "Certificate", message }), signature);
}
