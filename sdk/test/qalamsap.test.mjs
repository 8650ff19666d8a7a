import assert from "node:assert/strict";
import { test } from "node:test";
import { connect } from "qalamsap";
import { WebSocket } from "ws";
import { fails } from "./checks.mjs";
import { error, LIMITS, MODULE, qalamsap } from "./fakes.mjs";

const octetsOf = async (blob) => Buffer.from(await blob.arrayBuffer());
const noise = (size) => Buffer.from(Uint8Array.from({ length: size }, (_, at) => (at * 7919) >> 3));
const echo = ({ documents, format }, { page }) => ({ format, signatures: documents.map(({ content }) => page.piece(page.content(content))), lackingTimestamp: [] });

async function agentOf(t, methods, options = {}) {
  const fake = await qalamsap(methods);
  t.after(() => fake.close());
  const agent = await connect({ url: fake.url, WebSocket, language: "kk", ...options });
  t.after(() => agent.close());
  return { fake, agent };
}

test("the greeting and capabilities tell who it is", async (t) => {
  const { agent } = await agentOf(t, {});
  assert.deepEqual([agent.kind, agent.version, agent.isOpen], ["qalamsap", "9.9", true]);
  assert.ok(agent.supports("sign") && agent.supports("sign", "pdf") && !agent.supports("sign", "asic") && !agent.supports("dance"));
});

test("small contents go within the request, and the language, facts and filter with them", async (t) => {
  const { agent, fake } = await agentOf(t, { sign: echo });
  const documents = [{ title: "Акт", facts: [{ label: "Сумма", value: "1" }], content: "құжат" }, { content: new Uint8Array([1, 2]) }];
  const { signatures, lackingTimestamp } = await agent.sign({ documents, timestamp: "wanted", key: { iin: "1" } });
  assert.deepEqual(lackingTimestamp, []);
  assert.equal(String(await octetsOf(signatures[0])), "құжат");
  assert.deepEqual([...(await octetsOf(signatures[1]))], [1, 2]);
  const { params } = fake.requests.at(-1);
  assert.deepEqual(params, {
    language: "kk", timestamp: "wanted", key: { iin: "1" }, format: "cms",
    documents: [{ title: "Акт", facts: [{ label: "Сумма", value: "1" }], content: { text: "құжат" } }, { content: { base64: "AQI=" } }],
  });
});

test("a document that the person left out has null in place of a signature, where the page said that it may", async (t) => {
  const sign = () => ({ format: "cms", signatures: [{ leftOut: true }, { base64: "AA==" }, { leftOut: true }], lackingTimestamp: [1] });
  const { agent, fake } = await agentOf(t, { sign });
  const documents = ["a", "b", "c"].map((content) => ({ content }));
  const { signatures, lackingTimestamp } = await agent.sign({ documents, output: "base64", mayLeaveOut: true });
  assert.deepEqual([signatures, lackingTimestamp], [[null, "AA==", null], [1]]);
  assert.equal(fake.requests.at(-1).params.mayLeaveOut, true);
  await fails(agent.sign({ documents }), "AGENT", { detail: "the answer makes no sense: a signature is neither there nor to be had" });
});

test("large contents are uploaded within the window, downloaded in pieces, and given back", async (t) => {
  const { agent, fake } = await agentOf(t, { sign: echo });
  const large = noise(150_001);
  const progress = [];
  const { signatures } = await agent.sign({
    documents: [{ content: new Blob([large]) }, { content: large.subarray(0, 20_000) }, { content: "ұ".repeat(9000) }],
    onEvent: (event) => progress.push(event),
  });
  assert.deepEqual(await octetsOf(signatures[0]), large);
  assert.deepEqual(await octetsOf(signatures[1]), large.subarray(0, 20_000));
  assert.equal(String(await octetsOf(signatures[2])), "ұ".repeat(9000));
  assert.ok(fake.seen.furthest <= LIMITS.windowBytes, `${fake.seen.furthest} octets ahead`);
  assert.ok(fake.seen.furthest > LIMITS.windowBytes - LIMITS.chunkBytes, "the window is used");
  assert.deepEqual(progress.filter(({ total }) => total === 150_001).at(-1), { event: "uploaded", done: 150_001, total: 150_001 });
  await agent.verify({ signature: "x" }).catch(() => undefined); // requests are answered in order here
  assert.deepEqual(fake.released.sort(), ["d1", "d2", "d3", "u1", "u2", "u3"]);
});

test("what does not fit into one frame any more is uploaded, however small", async (t) => {
  const { agent, fake } = await agentOf(t, { sign: echo });
  const documents = Array.from({ length: 10 }, (_, at) => ({ content: noise(8000 + at) }));
  const { signatures } = await agent.sign({ documents });
  assert.deepEqual(await Promise.all(signatures.map(async (each) => (await octetsOf(each)).length)), documents.map((_, at) => 8000 + at));
  assert.ok(fake.requests.some(({ method }) => method === "upload"));
});

test("a request that is too long by its facts alone is refused before it is sent", async (t) => {
  const { agent } = await agentOf(t, { sign: echo });
  const documents = [{ content: "x", facts: [{ label: "x", value: "ұ".repeat(35_000) }] }];
  await fails(agent.sign({ documents }), "AGENT", { agentCode: "too-large" });
});

test("signatures come in the form that is asked for", async (t) => {
  const sign = ({ format }, { page }) => ({ format, signatures: [format === "xml" ? { text: "<a/>" } : page.piece(noise(90))], lackingTimestamp: [] });
  const { agent } = await agentOf(t, { sign });
  const signed = async (format, output) => (await agent.sign({ documents: [{ content: "x" }], format, output })).signatures[0];
  assert.equal(await signed("cms", "base64"), noise(90).toString("base64"));
  assert.match(await signed("cms", "pem"), /^-----BEGIN CMS-----\n[^\n]{64}\n[^\n]{56}\n-----END CMS-----\n$/);
  assert.equal(await signed("raw", "pem"), noise(90).toString("base64"));
  assert.equal(await signed("xml", "blob"), "<a/>");
});

test("a text that is too long for the result is downloaded as text", async (t) => {
  const { agent } = await agentOf(t, { sign: echo });
  const text = `<a>${"құ".repeat(9000)}</a>`;
  assert.deepEqual((await agent.sign({ documents: [{ content: text }], format: "xml" })).signatures, [text]);
});

test("digests go as digests", async (t) => {
  const { agent, fake } = await agentOf(t, { sign: () => ({ format: "cms", signatures: [{ base64: "AA==" }], lackingTimestamp: [] }) });
  await agent.sign({ documents: [{ content: { digest: new Uint8Array([255]) } }] });
  assert.deepEqual(fake.requests.at(-1).params.documents, [{ content: { digest: { base64: "/w==" } } }]);
});

test("a digest that the agent can't sign is UNSUPPORTED, and nothing is sent", async (t) => {
  const { agent, fake } = await agentOf(t, { sign: echo });
  const digest = { content: { digest: new Uint8Array(32) } };
  const known = fake.requests.length;
  for (const [more, what] of [
    [{ format: "raw" }, "a digest as raw"], [{ format: "pdf" }, "a digest as pdf"], [{ format: "jws", detached: true }, "a digest as jws"],
    [{ detached: false }, "a digest as cms with its document"], [{ cosign: true }, "a digest as cms with its document"],
    [{ documents: [digest, { content: "x" }] }, "digests beside documents"],
  ]) await fails(agent.sign({ documents: [digest], ...more }), "UNSUPPORTED", { detail: `qalamsap 9.9: ${what}`, retryable: false });
  assert.equal(fake.requests.length, known);
});

test("events reach the page, and what its listener throws harms nothing", async (t) => {
  const sign = (params, { event, page }) => {
    event("queued", { waiting: 2 });
    event("window-shown");
    return echo(params, { page });
  };
  const { agent } = await agentOf(t, { sign });
  const events = [];
  const thrown = [];
  const later = queueMicrotask;
  t.mock.method(globalThis, "queueMicrotask", (work) => later(() => {
    try {
      work();
    } catch (problem) {
      thrown.push(problem.message); // a browser tells its console
    }
  }));
  const onEvent = ({ event, waiting }) => {
    events.push([event, waiting]);
    if (event === "queued") throw new Error("of the page");
  };
  await agent.sign({ documents: [{ content: "x" }], onEvent });
  assert.deepEqual(events, [["queued", 2], ["window-shown", undefined]]);
  assert.deepEqual(thrown, ["of the page"]);
});

test("the page's signal cancels the request, and the agent has the last word", async (t) => {
  let finish;
  const sign = (params, { page }) => new Promise((resolve) => (finish = () => resolve(echo(params, { page }))));
  const { agent, fake } = await agentOf(t, { sign });
  const controller = new AbortController();
  const reason = new Error("the tab changed");
  const signing = agent.sign({ documents: [{ content: "x" }], signal: controller.signal });
  setTimeout(() => controller.abort(reason), 20);
  await fails(signing, "CANCELLED", { cause: reason });
  assert.equal(fake.requests.at(-1).method, "cancel");
  assert.ok(agent.isOpen);
  await fails(agent.sign({ documents: [{ content: "x" }], signal: AbortSignal.timeout(20) }), "TIMED_OUT");
  await fails(agent.sign({ documents: [{ content: "x" }], signal: controller.signal }), "CANCELLED");
  // Cancelled too late: the result is on its way and is not thrown away.
  const late = new AbortController();
  const signed = agent.sign({ documents: [{ content: "x" }], signal: late.signal });
  await new Promise((resolve) => setTimeout(resolve, 20));
  finish();
  late.abort();
  assert.equal((await signed).signatures.length, 1);
});

test("an upload can be cancelled, and content that can't be read ends it", async (t) => {
  const { agent, fake } = await agentOf(t, { sign: echo });
  const controller = new AbortController();
  const onEvent = () => controller.abort();
  await fails(agent.sign({ documents: [{ content: noise(500_000) }], onEvent, signal: controller.signal }), "CANCELLED");
  assert.ok(!fake.requests.some(({ method }) => method === "sign"));
  const broken = new Blob([noise(50_000)]);
  const cause = new Error("the file changed");
  broken.slice = () => Object.assign(new Blob(["x"]), { arrayBuffer: () => Promise.reject(cause) });
  await fails(agent.sign({ documents: [{ content: broken }] }), "UNREADABLE", { cause });
  for (const content of [undefined, null, 7, {}, Promise.resolve("x"), { digest: "abc" }]) {
    await assert.rejects(agent.sign({ documents: [{ content }] }), TypeError);
  }
  assert.ok(!fake.requests.some(({ method }) => method === "sign"));
});

test("what was signed is fetched to its end, though the page gave up meanwhile, and downloads of two requests are not mixed up", async (t) => {
  const controller = new AbortController();
  let made = 0;
  const sign = (params, { page }) => {
    made += 1;
    page.onRead = () => made === 2 && controller.abort();
    return echo(params, { page });
  };
  const { agent } = await agentOf(t, { sign });
  const signed = ({ signal }, ...sizes) => agent.sign({ documents: sizes.map((size) => ({ content: noise(size) })), signal });
  const both = await Promise.all([signed(controller, 20_000, 30_000), signed({}, 40_000)]);
  assert.ok(controller.signal.aborted);
  const found = await Promise.all(both.flatMap(({ signatures }) => signatures.map(octetsOf)));
  assert.deepEqual(found, [noise(20_000), noise(30_000), noise(40_000)]);
});

test("an agent that never ends what was cancelled is waited for ten seconds, and its late answer is nobody's", async (t) => {
  let finish;
  const sign = (params, { page }) => {
    const { id } = fake.requests.at(-1);
    finish = () => page.socket.send(JSON.stringify({ module: MODULE, id, result: { format: "cms", signatures: [{ base64: "AA==" }], lackingTimestamp: [] } }));
    return new Promise(() => undefined);
  };
  const { agent, fake } = await agentOf(t, { sign });
  const controller = new AbortController();
  const signing = agent.sign({ documents: [{ content: "x" }], signal: controller.signal });
  await new Promise((resolve) => setTimeout(resolve, 30));
  [...fake.pages][0].removeAllListeners("message"); // it is deaf from now on
  t.mock.timers.enable({ apis: ["setTimeout"] });
  controller.abort();
  t.mock.timers.tick(10_000);
  await fails(signing, "CANCELLED", { detail: "ended by the page" });
  t.mock.timers.reset();
  finish();
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.ok(agent.isOpen);
});

for (const [name, reply] of [
  ["an error that is null", { error: null }],
  ["an error that is a text", { error: "no" }],
  ["a code that every object has", { error: { code: "constructor", message: {}, retryable: 1, help: 7, detail: [] } }],
  ["neither result nor error", {}],
  ["a result that is null", { result: null }],
  ["no signatures", { result: {} }],
  ["too few signatures", { result: { signatures: [] } }],
  ["a signature of no kind", { result: { signatures: [{}] } }],
  ["a signature that is no base64", { result: { signatures: [{ base64: "%" }] } }],
  ["a download that is not there", { result: { signatures: [{ download: "d9", size: 9 }] } }],
  ["a download without a size", { result: { signatures: [{ download: "d9", size: "much" }] } }],
]) {
  test(`an answer that makes no sense is an error of the agent: ${name}`, async (t) => {
    const sign = (params, { page }) => {
      page.socket.send(JSON.stringify({ module: MODULE, id: fake.requests.at(-1).id, ...reply }));
      return new Promise(() => undefined);
    };
    const { agent, fake } = await agentOf(t, { sign });
    await fails(agent.sign({ documents: [{ content: "x" }] }), "AGENT");
  });
}

test("what comes for nobody is passed over", async (t) => {
  const sign = (params, { page }) => {
    const { id } = fake.requests.at(-1);
    const stray = [{ id: "77", event: "signed", done: 1, total: 1 }, { id: "77", result: {} }, { id: "__proto__", error: {} }, { id, event: "of-tomorrow", polluted: 1 }];
    for (const message of stray) page.socket.send(JSON.stringify({ module: MODULE, ...message }));
    for (const text of ["not JSON", "null", "[]", '{"__proto__":{"polluted":1}}', '{"success":false}']) page.socket.send(text);
    page.socket.send(Buffer.alloc(40));
    return echo(params, { page });
  };
  const { agent, fake } = await agentOf(t, { sign });
  const events = [];
  assert.equal((await agent.sign({ documents: [{ content: "x" }], onEvent: (event) => events.push(event) })).signatures.length, 1);
  assert.deepEqual(events, [{ event: "of-tomorrow", polluted: 1 }]);
  assert.equal({}.polluted, undefined);
});

test("a page makes links of error.help: only the agent's own address gets into it", async (t) => {
  const pages = ["javascript:alert(1)", "https://evil.test/", "https://127.0.0.1.evil.test/", "https://127.0.0.1@evil.test/"];
  const { agent, fake } = await agentOf(t, { verify: ({ language }) => { throw error("internal", { help: language }); } });
  for (const language of pages) await fails(agent.verify({ signature: "x", language }), "AGENT", { help: fake.url.replace("ws", "http") });
});

test("requests run side by side and calls of other modules beside them", async (t) => {
  const describeKey = () => new Promise((resolve) => setTimeout(resolve, 50, { serialNumber: "1" }));
  const { agent } = await agentOf(t, { describeKey, verify: () => ({ report: { verdict: "valid" } }) });
  const order = [];
  await Promise.all([
    agent.describeKey().then(({ serialNumber }) => order.push(`key ${serialNumber}`)),
    agent.verify({ signature: "x" }).then(({ verdict }) => order.push(verdict)),
    agent.call({ module: "other" }).then(({ errorCode }) => order.push(errorCode)),
  ]);
  assert.deepEqual(order.toSorted(), ["MODULE_NOT_FOUND", "key 1", "valid"]);
  assert.equal(order.at(-1), "key 1");
});

test("login takes octets or their base64url; timestamp and verify take contents of any size", async (t) => {
  const timestamp = ({ signature }, { page }) => ({ signature: page.piece(page.content(signature)) });
  const { agent, fake } = await agentOf(t, { login: ({ nonce }) => ({ login: nonce, certificate: "" }), timestamp });
  assert.equal((await agent.login({ nonce: new Uint8Array([251, 255, 1]) })).login, "-_8B");
  assert.equal((await agent.login({ nonce: "-_8B" })).login, "-_8B");
  assert.deepEqual(await octetsOf(await agent.timestamp({ signature: noise(30_000) })), noise(30_000));
  assert.deepEqual(Object.keys(fake.requests.find(({ method }) => method === "timestamp").params), ["signature"]);
});

for (const [theirs, ours] of [
  ["busy", "BUSY"], ["cancelled", "CANCELLED"], ["timed-out", "TIMED_OUT"], ["unsupported", "UNSUPPORTED"], ["unsupported-key", "UNSUPPORTED"], ["key-password", "UNSUPPORTED"],
  ["paused", "AGENT"], ["key-unsuitable", "AGENT"], ["timestamp-failed", "AGENT"], ["not-allowed", "AGENT"],
]) {
  test(`the agent's ${theirs} is ${ours}, in the agent's words`, async (t) => {
    const { agent } = await agentOf(t, { sign: () => { throw error(theirs, { detail: "because" }); } });
    const told = { agentCode: theirs, message: `Сөз: ${theirs}`, help: `https://127.0.0.1:1/help#${theirs}`, retryable: theirs === "busy", detail: "because" };
    await fails(agent.sign({ documents: [{ content: "x" }] }), ours, told);
  });
}

test("what this agent does not have fails before anything is sent", async (t) => {
  const { agent, fake } = await agentOf(t, {});
  await fails(agent.sign({ documents: [{ content: "x" }], format: "asic" }), "UNSUPPORTED", { detail: "qalamsap 9.9: sign as asic" });
  agent.capabilities.methods = [];
  for (const work of [agent.login({ nonce: "x" }), agent.verify({ signature: "x" }), agent.timestamp({ signature: "x" }), agent.describeKey()]) {
    await fails(work, "UNSUPPORTED");
  }
  assert.equal(fake.requests.length, 1);
});

test("the connection's end is told to all who wait", async (t) => {
  const { agent, fake } = await agentOf(t, { sign: () => new Promise(() => undefined), verify: () => new Promise(() => undefined) });
  const waiting = [agent.sign({ documents: [{ content: "x" }] }), agent.verify({ signature: "x" })];
  setTimeout(() => [...fake.pages][0].close(1001, "quit"), 20);
  for (const each of waiting) await fails(each, "GONE", { detail: "WebSocket closed, code 1001, quit", retryable: true });
  await fails(agent.verify({ signature: "x" }), "GONE", { detail: "not connected" });
});

test("close ends what was waiting at once", async (t) => {
  const { agent } = await agentOf(t, { sign: () => new Promise(() => undefined) });
  const signing = agent.sign({ documents: [{ content: "x" }] });
  setTimeout(() => agent.close(), 20);
  await fails(signing, "GONE", { detail: "WebSocket closed, code 1000, closed by the page" });
});
