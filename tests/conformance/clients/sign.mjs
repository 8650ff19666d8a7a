// In Node: node sign.mjs PACKAGE WSS_URL STEPS MATERIAL, the last two in JSON. Prints one JSON object.
import { createRequire } from 'node:module';
import { drive } from './calls.mjs';

const [name, url, steps, material] = process.argv.slice(2);
const { NCALayerClient } = createRequire(import.meta.url)(name);
const outcome = await drive(NCALayerClient, url, JSON.parse(steps), JSON.parse(material));
process.stdout.write(`${JSON.stringify(outcome)}\n`, () => process.exit(0)); // the socket is open still
