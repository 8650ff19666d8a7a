// node sign.mjs WSS_URL: connects, signs a small and a large document, and is turned down once. Prints one JSON object.
import { connect } from "qalamsap";
import { WebSocket } from "ws";

const [url] = process.argv.slice(2);
const outcome = {};
try {
  const agent = await connect({ url, WebSocket, language: "en" });
  outcome.kind = agent.kind;
  const key = { authorities: [] };
  const octets = Uint8Array.from({ length: 700_000 }, (_, at) => (at * 7919) >> 3);
  const documents = [{ title: "first", content: "бірінші" }, { content: new Blob([octets]) }];
  outcome.signatures = (await agent.sign({ documents, key, output: "base64" })).signatures;
  outcome.attached = (await agent.sign({ documents: documents.slice(1), key, output: "base64", detached: false })).signatures;
  outcome.xml = (await agent.sign({ documents: [{ content: "<акт/>" }], format: "xml", key })).signatures;
  outcome.key = await agent.describeKey({ key });
  await agent.sign({ documents, key });
} catch (error) {
  outcome.error = { code: error.code, message: error.message, detail: error.detail, advice: error.advice };
}
process.stdout.write(JSON.stringify(outcome), () => process.exit(0)); // an agent that is still connected keeps Node awake
