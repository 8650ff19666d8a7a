// node full_house.mjs WSS_URL SOCKETS: so many sockets with a call each that nobody answers, then one more. Prints one JSON object.
import { connect } from "qalamsap";
import { WebSocket } from "ws";

const [url, count] = process.argv.slice(2);
const HEARTBEAT = "--heartbeat--";
const call = JSON.stringify({
  module: "kz.gov.pki.knca.basics",
  method: "sign",
  args: { format: "cms", data: "SGVsbG8=", signingParams: { decode: "true" }, signerParams: {}, locale: "en" },
});

/* A socket whose call the agent has: what comes after it is answered. */
async function busySocket() {
  const socket = new WebSocket(url);
  await new Promise((resolve, reject) => {
    socket.onerror = reject;
    socket.onopen = () => [call, HEARTBEAT].forEach((text) => socket.send(text));
    socket.onmessage = ({ data }) => data === HEARTBEAT && resolve();
  });
  return socket;
}

const attempt = async (Class) => {
  try {
    const agent = await connect({ url, WebSocket: Class, language: "en" });
    agent.close();
    return { kind: agent.kind };
  } catch (error) {
    return { ...error, message: error.message };
  }
};

const sockets = [];
while (sockets.length < Number(count)) sockets.push(await busySocket());
const outcome = { refused: await attempt(WebSocket) };
if (globalThis.WebSocket) outcome.refusedByNode = await attempt(globalThis.WebSocket);
for (const socket of sockets) socket.close();
const end = Date.now() + 20_000;
do outcome.later = await attempt(WebSocket);
while (outcome.later.retryable && Date.now() < end); // the agent may not have seen yet that they left
process.stdout.write(JSON.stringify(outcome), () => process.exit(0));
