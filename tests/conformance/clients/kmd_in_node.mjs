// In Node: node kmd_in_node.mjs PACKAGE GIVEN, the latter in JSON. Prints one JSON object.
//
// Node's fetch keeps no cookies, which is a browser's duty and not the client's; and its base64 of octets is left out by the client.
import { createRequire } from 'node:module';
import { drive } from './kmd.mjs';

const [name, given] = process.argv.slice(2);
const { NCALayerClient } = createRequire(import.meta.url)(name);
const bare = globalThis.fetch;
const jar = new Map(); // of each path

globalThis.fetch = async (url, options = {}) => {
  const { pathname } = new URL(url);
  const cookie = options.credentials === 'include' ? jar.get(pathname) : undefined;
  const answer = await bare(url, { ...options, headers: cookie ? { cookie } : {} });
  for (const line of answer.headers.getSetCookie()) {
    const [pair, ...flags] = line.split('; ');
    jar.set(flags.find((flag) => flag.startsWith('Path=')).slice('Path='.length), pair);
  }
  return answer;
};

const outcome = await drive(NCALayerClient, JSON.parse(given));
for (const step of ['octets', 'large']) {
  const { value } = outcome[step];
  outcome[step].value = [value].flat().map((text) => Buffer.from(text, 'latin1').toString('base64'));
}
process.stdout.write(`${JSON.stringify(outcome)}\n`, () => process.exit(0)); // the socket is open still
