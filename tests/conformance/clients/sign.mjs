// In Node: node sign.mjs WSS_URL DOCUMENTS, where DOCUMENTS is a JSON array of base64. Prints one JSON object.
import { createRequire } from 'node:module';
import { drive } from './calls.mjs';

const { NCALayerClient } = createRequire(import.meta.url)('ncalayer-js-client');
const [url, documents] = process.argv.slice(2);
const outcome = await drive(NCALayerClient, url, JSON.parse(documents));
process.stdout.write(`${JSON.stringify(outcome)}\n`);
process.exit(0);
