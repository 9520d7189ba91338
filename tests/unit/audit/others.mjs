// What others' libraries make of a bundle: OpenZeppelin's tree of awards, viem's EIP-712 and transactions.
import { readFileSync } from 'node:fs'
import { StandardMerkleTree } from '@openzeppelin/merkle-tree'
import { hashStruct, keccak256, recoverTransactionAddress, recoverTypedDataAddress } from 'viem'

const given = JSON.parse(readFileSync(0, 'utf8'))
const tree = StandardMerkleTree.of(given.awards, given.leaf)
const proven = given.awards.map((award, place) =>
  StandardMerkleTree.verify(given.root, given.leaf, award, given.proofs[place]))
const typed = { domain: given.domain, types: given.types, primaryType: 'Checkpoint', message: given.checkpoint }
const signers = []
for (const signature of given.signatures) signers.push(await recoverTypedDataAddress({ ...typed, signature }))
const senders = []
for (const raw of given.transactions) senders.push(await recoverTransactionAddress({ serializedTransaction: raw }))
console.log(JSON.stringify({
  root: tree.root,
  proofs: given.awards.map((_, place) => tree.getProof(place)),
  proven,
  head: hashStruct({ types: given.types, primaryType: 'Checkpoint', data: given.checkpoint }),
  header: keccak256(given.header),
  signers: signers.map((item) => item.toLowerCase()),
  senders: senders.map((item) => item.toLowerCase()),
}))
