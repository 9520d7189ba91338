// A local IPFS node for development and tests: js-ipfs (abandoned upstream; production speaks to Kubo) in a private
// swarm, on loopback only, with the RPC API that Kubo serves below /api/v0.
//
//   node node.mjs REPO SWARM_KEY API_PORT SWARM_PORT PEERS
//
// PEERS is a JSON file with an array of multiaddrs; it is read again every few seconds and missing connections are made.
import fs from "node:fs";
import path from "node:path";

// js-ipfs's libp2p wants what Node has from version 22 on
Promise.withResolvers ??= function withResolvers() {
  let resolve, reject;
  const promise = new Promise((yes, no) => ([resolve, reject] = [yes, no]));
  return { promise, resolve, reject };
};

const { create } = await import("ipfs-core");
const { HttpApi } = await import("ipfs-http-server");
const { tcp } = await import("@libp2p/tcp");
const { yamux } = await import("@chainsafe/libp2p-yamux");
const { createLibp2p } = await import("libp2p");
const { preSharedKey } = await import("libp2p/pnet");

const REDIAL_MS = 3000;
const [repo, swarmKey, apiPort, swarmPort, peersFile] = process.argv.slice(2);
if (!peersFile) {
  console.error("usage: node node.mjs REPO SWARM_KEY API_PORT SWARM_PORT PEERS");
  process.exit(2);
}

const ipfs = await create({
  repo: path.resolve(repo),
  init: { emptyRepo: true, profiles: ["test"] },
  preload: { enabled: false }, // else it calls public nodes
  relay: { enabled: false, hop: { enabled: false } },
  silent: true,
  // TCP only (js-ipfs would add WebSockets); yamux first, as Kubo speaks it, mplex for older nodes
  libp2p: ({ libp2pOptions }) =>
    createLibp2p({
      ...libp2pOptions,
      start: false,
      transports: [tcp()],
      streamMuxers: [yamux(), ...libp2pOptions.streamMuxers],
      connectionProtector: preSharedKey({ psk: fs.readFileSync(swarmKey) }),
    }),
  config: {
    Addresses: {
      Swarm: [`/ip4/127.0.0.1/tcp/${swarmPort}`],
      API: `/ip4/127.0.0.1/tcp/${apiPort}`,
      Gateway: "",
      Delegates: [],
    },
    Bootstrap: [],
    Discovery: { MDNS: { Enabled: false }, webRTCStar: { Enabled: false } },
    Routing: { Type: "none" },
    Pubsub: { Enabled: false },
    Swarm: { DisableNatPortMap: true },
  },
});
const api = new HttpApi(ipfs);
await api.start();
console.log(`ready: ${(await ipfs.id()).id}`);

async function redial() {
  if (!fs.existsSync(peersFile)) return;
  const own = (await ipfs.id()).id.toString();
  const connected = new Set((await ipfs.swarm.peers()).map(({ peer }) => peer.toString()));
  for (const address of JSON.parse(fs.readFileSync(peersFile, "utf8"))) {
    const peer = address.split("/p2p/")[1];
    if (peer === own || connected.has(peer)) continue;
    // a peer that is down is dialled again at the next turn
    await ipfs.swarm.connect(address).catch(() => undefined);
  }
}
let turn = setTimeout(async function again() {
  await redial().catch((error) => console.error(`redial: ${error.message}`));
  turn = setTimeout(again, REDIAL_MS);
}, REDIAL_MS);

async function end() {
  clearTimeout(turn);
  setTimeout(() => process.exit(0), 3000).unref(); // a connection that hangs must not keep us
  await api.stop();
  await ipfs.stop();
  process.exit(0);
}
process.on("SIGTERM", end);
process.on("SIGINT", end);
