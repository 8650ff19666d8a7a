// Drives the published ncalayer-js-client, unchanged, against an agent: node sign.mjs WSS_URL DOCUMENTS (a JSON array of base64). Prints one JSON object.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { NCALayerClient } = require('ncalayer-js-client');

const url = process.argv[2];
const documents = JSON.parse(process.argv[3]);
const outcome = {};

async function attempt(name, call) {
  try {
    outcome[name] = { value: await call() };
  } catch (error) {
    outcome[name] = { error: error.message, canceledByUser: error.canceledByUser === true };
  }
}

const client = new NCALayerClient(url);
outcome.version = await client.connect();
outcome.isKmd = client.isKmd;
const signer = { extKeyUsageOids: ['1.3.6.1.5.5.7.3.4'], chain: [] };
const detached = NCALayerClient.basicsCMSParamsDetachedNoTSP;
const attached = { ...detached, encapsulate: true };

await attempt('tokens', () => client.getActiveTokens());
await attempt('single', () => client.basicsSignCMS(NCALayerClient.basicsStoragePKCS12, documents[0], detached, signer));
await attempt('attached', () => client.basicsSignCMS(NCALayerClient.basicsStoragePKCS12, documents[0], attached, signer));
await attempt('array', () => client.basicsSignCMS(NCALayerClient.basicsStoragePKCS12, documents, detached, signer));
await attempt('commonUtils', () => client.createCAdESFromBase64('PKCS12', documents[0], 'SIGNATURE', true));
await attempt('keyInfo', () => client.getKeyInfo('PKCS12'));
await attempt('timestamp', () => client.basicsSignCMS(NCALayerClient.basicsStoragePKCS12, documents[0],
  NCALayerClient.basicsCMSParamsDetached, signer));
await attempt('cancelled', () => client.basicsSignCMS(NCALayerClient.basicsStoragePKCS12, documents[0], detached, signer));
await attempt('locale', () => client.changeLocale('kk'));

process.stdout.write(`${JSON.stringify(outcome)}\n`);
process.exit(0);
