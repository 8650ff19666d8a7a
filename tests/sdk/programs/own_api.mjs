// node own_api.mjs WSS_URL: what only Qalamsap's own interface has. Prints one JSON object.
import { connect } from "qalamsap";
import { WebSocket } from "ws";

const [url] = process.argv.slice(2);
const key = { authorities: [] };
const outcome = {};
const failure = (error) => ({ code: error.code, agentCode: error.agentCode, message: error.message, help: error.help, retryable: error.retryable });

const agent = await connect({ url, WebSocket, language: "kk" });
outcome.capabilities = agent.capabilities;

// A person who thinks for a while, and a page that does not wait for them.
const stopper = new AbortController();
const onEvent = ({ event }) => event === "window-shown" && stopper.abort();
const documents = [{ title: "Акт", facts: [{ label: "Сумма", value: "1 ₸" }], content: "құжат" }];
setTimeout(() => stopper.abort(), 1500);
outcome.cancelled = await agent.sign({ documents, key, onEvent, signal: stopper.signal }).catch(failure);
outcome.isOpen = agent.isOpen;

const events = [];
const many = Array.from({ length: 60 }, (_, at) => ({ title: `Акт ${at}`, content: `құжат ${at}` }));
const signed = await agent.sign({ documents: many, key, certificate: true, onEvent: (event) => events.push(event) });
outcome.events = events;
outcome.count = signed.signatures.length;
outcome.certificate = signed.certificate;
outcome.report = await agent.verify({ signature: signed.signatures[7], document: "құжат 7" });
outcome.changed = (await agent.verify({ signature: signed.signatures[7], document: "құжат 8" })).verdict;
outcome.unreadable = await agent.verify({ signature: "no signature" }).catch(failure);
// Node sends no Origin, so nobody vouches for the site.
outcome.login = await agent.login({ nonce: new Uint8Array(32), key }).catch(failure);
outcome.badRequest = await agent.sign({ documents, key, colour: "red" }).catch(failure);
outcome.locale = await agent.call({ module: "kz.gov.pki.knca.commonUtils", method: "changeLocale", args: ["kk"] });
agent.close();
process.stdout.write(JSON.stringify(outcome));
