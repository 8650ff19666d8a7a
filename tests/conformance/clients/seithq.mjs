// In Node: node seithq.mjs WSS_URL ORIGIN, as a page of that origin. Each line of input is [method, ...arguments] in JSON; each line of output what its callback got.
//
// The first line is the version that the client read from the greeting. setLocale has no callback: it gives how many frames came within
// half a second, which the client itself would drop.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const require = createRequire(import.meta.url);
const { default: Client, extractKeyAlias } = require('@seithq/ncalayer');
const WebSocket = require('ws');
const QUIET_MS = 500;

const socket = new WebSocket(process.argv[2], { origin: process.argv[3] });
const client = new Client(socket);
let frames = 0;
const print = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
const greeted = new Promise((resolve) => {
  socket.addEventListener('message', () => {
    frames += 1;
    resolve();
  });
});

function read(response) {
  return {
    result: response.getResult(),
    code: response.getErrorCode(),
    isOk: response.isOk(),
    isPasswordError: response.isPasswordError(),
    isPasswordAttemptsError: response.isPasswordAttemptsError(),
    isKeyTypeError: response.isKeyTypeError(),
    isRdnNotFoundError: response.isRdnNotFoundError(),
    isXmlParseError: response.isXmlParseError(),
    isUnknownStorageError: response.isUnknownStorageError(),
    alias: typeof response.getResult() === 'string' ? extractKeyAlias(response.getResult()) : '',
  };
}

await greeted;
print(client.version);
for await (const line of createInterface({ input: process.stdin })) {
  const [method, ...args] = JSON.parse(line);
  if (method === 'setLocale') {
    const before = frames;
    client.setLocale(...args, () => print('called back'));
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
    print({ frames: frames - before });
  } else {
    print(await new Promise((resolve) => client[method](...args, (response) => resolve(read(response)))));
  }
}
client.close();
