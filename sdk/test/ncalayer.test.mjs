import assert from "node:assert/strict";
import { test } from "node:test";
import { connect, resultOf } from "qalamsap";
import { WebSocket } from "ws";
import { fails } from "./checks.mjs";
import { ncalayer } from "./fakes.mjs";

const PEM = "-----BEGIN CMS-----\nAQID\n-----END CMS-----\n";
const signed = (...result) => ({ body: { result }, status: true });

async function agentOf(t, answers) {
  const fake = await ncalayer(answers);
  t.after(() => fake.close());
  const agent = await connect({ url: fake.url, WebSocket, language: "en" });
  t.after(() => agent.close());
  return { fake, agent };
}

test("MODULE_NOT_FOUND means NCALayer", async (t) => {
  const { agent, fake } = await agentOf(t, () => undefined);
  assert.deepEqual([agent.kind, agent.version], ["ncalayer", "1.4"]);
  assert.ok(agent.supports("sign", "cms") && !agent.supports("sign", "pdf") && !agent.supports("login"));
  assert.deepEqual(fake.calls, []);
});

test("sign becomes basics.sign", async (t) => {
  const { agent, fake } = await agentOf(t, () => signed(PEM));
  const { signatures } = await agent.sign({
    documents: [{ title: "Акт", content: "құ" }], timestamp: "required", key: { bin: "1", usages: ["1.2"], authorities: [], allowExpired: true },
  });
  assert.deepEqual([...new Uint8Array(await signatures[0].arrayBuffer())], [1, 2, 3]);
  assert.deepEqual(fake.calls, [{
    module: "kz.gov.pki.knca.basics", method: "sign",
    args: {
      format: "cms", data: Buffer.from("құ").toString("base64"),
      signingParams: { decode: true, encapsulate: false, digested: false, tsaProfile: {}, allowExpired: true, allowRevoked: false },
      signerParams: { extKeyUsageOids: ["1.3.6.1.5.5.7.3.4", "1.2"], iin: "", bin: "1", serialNumber: "", chain: [] },
      locale: "ru",
    },
  }]);
});

test("several documents, attached, with PEM kept or taken off; also what programs answered before October 2024", async (t) => {
  const answers = [signed(PEM, "AQID"), { body: { result: PEM }, status: true }, signed("AQID\r\n")];
  const { agent, fake } = await agentOf(t, () => answers.shift());
  const documents = [{ content: new Uint8Array([1]) }, { content: "b" }];
  assert.deepEqual((await agent.sign({ documents, detached: false, output: "pem" })).signatures, [PEM, PEM]);
  assert.deepEqual(fake.calls[0].args.data, ["AQ==", "Yg=="]);
  assert.equal(fake.calls[0].args.signingParams.encapsulate, true);
  const one = { documents: [documents[0]], output: "base64", ncalayer: { storage: "AKKaztokenStore" } };
  assert.deepEqual((await agent.sign(one)).signatures, ["AQID"]);
  assert.deepEqual((await agent.sign(one)).signatures, ["AQID"]);
  assert.deepEqual(fake.calls[2].args.allowedStorages, ["AKKaztokenStore"]);
});

test("xml goes as text, raw with its certificate, digests as digests", async (t) => {
  const raw = { body: { result: { signatures: ["AQ=="], certificate: "-----BEGIN CERTIFICATE-----\nAg==\n-----END CERTIFICATE-----" } }, status: true };
  const answers = [signed("<a>1</a>"), raw, signed(PEM), signed("AQ==")];
  const { agent, fake } = await agentOf(t, () => answers.shift());
  assert.deepEqual((await agent.sign({ documents: [{ content: "<a/>" }], format: "xml" })).signatures, ["<a>1</a>"]);
  assert.deepEqual([fake.calls[0].args.data, fake.calls[0].args.signingParams.decode], ["<a/>", false]);
  const found = await agent.sign({ documents: [{ content: "x" }], format: "raw", certificate: true, output: "base64" });
  assert.deepEqual([found.signatures, found.certificate], [["AQ=="], "Ag=="]);
  await agent.sign({ documents: [{ content: { digest: new Uint8Array([7]) } }] });
  assert.deepEqual([fake.calls[2].args.data, fake.calls[2].args.signingParams.digested], ["Bw==", true]);
  await agent.sign({ documents: [{ content: { digest: new Uint8Array([8]) } }], format: "raw" });
  assert.deepEqual([fake.calls[3].args.data, fake.calls[3].args.signingParams.digested], ["CA==", true]);
});

test("all documents are signed where some might be left out", async (t) => {
  const { agent } = await agentOf(t, () => signed(PEM, PEM));
  const documents = [{ content: "a" }, { content: "b" }];
  assert.deepEqual((await agent.sign({ documents, output: "pem", mayLeaveOut: true })).signatures, [PEM, PEM]);
});

test("fewer signatures than documents, and what is no signature, are errors of the agent", async (t) => {
  const results = [PEM, "%%%", [7], null, { certificate: "AQID" }];
  const { agent } = await agentOf(t, ({ method }) => (method === "getKeyInfo" ? { code: "200", responseObject: null } : signed(results.shift())));
  const two = [{ content: "a" }, { content: "b" }];
  await fails(agent.sign({ documents: two }), "AGENT", { detail: "the answer makes no sense: 2 documents and 1 signatures" });
  for (const _ of [1, 2, 3]) await fails(agent.sign({ documents: two.slice(1) }), "AGENT");
  await fails(agent.sign({ documents: two.slice(1), format: "raw", certificate: true }), "AGENT");
  await fails(agent.describeKey(), "AGENT");
});

test("what is no content is never signed as the words that stand for it", async (t) => {
  const { agent, fake } = await agentOf(t, () => signed(PEM));
  for (const content of [undefined, null, 7, {}, [1, 2], Promise.resolve("x"), { digest: "abc" }]) {
    await assert.rejects(agent.sign({ documents: [{ content }] }), TypeError);
  }
  const cause = new Error("the file changed");
  const broken = Object.assign(new Blob(["x"]), { arrayBuffer: () => Promise.reject(cause) });
  await fails(agent.sign({ documents: [{ content: broken }] }), "UNREADABLE", { cause, retryable: false });
  assert.deepEqual(fake.calls, []);
});

test("what NCALayer can't do is UNSUPPORTED, and nothing is sent", async (t) => {
  const { agent, fake } = await agentOf(t, () => undefined);
  const documents = [{ content: "x" }];
  const digest = { content: { digest: new Uint8Array(32) } };
  for (const more of [
    { format: "pdf" }, { timestamp: "wanted" }, { format: "xml", timestamp: "required" }, { cosign: true }, { xml: { layout: "x" } },
    { stamp: {} }, { certificate: true }, { documents: [{ content: "x", existing: "y" }] }, { documents: [digest, ...documents] },
    { documents: [digest], detached: false }, { documents: [digest], format: "xml" }, { key: { colour: "red" } }, { key: { purpose: "bless" } },
  ]) await fails(agent.sign({ documents, ...more }), "UNSUPPORTED");
  for (const work of [agent.login({ nonce: "x" }), agent.verify({ signature: "x" }), agent.timestamp({ signature: "x" }), agent.describeKey({ key: { iin: "1" } })]) {
    await fails(work, "UNSUPPORTED", { message: "The signing program can't do what the page asks." });
  }
  assert.deepEqual(fake.calls, []);
});

test("describeKey becomes getKeyInfo", async (t) => {
  const responseObject = {
    certNotBefore: "1565414209000", certNotAfter: "1596950209000", serialNumber: "0a", algorithm: "RSA", subjectCn: "ТЕСТОВ ТЕСТ",
    subjectDn: "CN=ТЕСТОВ ТЕСТ,SURNAME=ТЕСТОВ,SERIALNUMBER=IIN123456789011,C=KZ,O=ТОО \\\"А\\, Б\\\",OU=BIN123456789021",
    pem: "-----BEGIN CERTIFICATE-----\r\nAQID\r\n-----END CERTIFICATE-----\r\n",
  };
  const { agent, fake } = await agentOf(t, () => ({ code: "200", responseObject }));
  assert.deepEqual(await agent.describeKey(), {
    certificate: "AQID", serialNumber: "0a", algorithm: "RSA", uses: null, roles: null,
    owner: { name: "ТЕСТОВ ТЕСТ", iin: "123456789011", organisation: 'ТОО "А, Б"', bin: "123456789021" },
    notBefore: "2019-08-10T05:16:49.000Z", notAfter: "2020-08-09T05:16:49.000Z",
  });
  assert.deepEqual(fake.calls, [{ module: "kz.gov.pki.knca.commonUtils", method: "getKeyInfo", args: ["PKCS12"] }]);
});

for (const [name, answer, code, more] of [
  ["cancelled in basics", { body: {}, status: true }, "CANCELLED", { retryable: false }],
  ["cancelled in commonUtils", { code: "500", message: "action.canceled" }, "CANCELLED", {}],
  ["failed", { code: "SIGNING_FAILURE", message: "m", details: "d", status: false }, "AGENT", { agentCode: "SIGNING_FAILURE", detail: "SIGNING_FAILURE: m: d" }],
  ["nonsense", null, "AGENT", { agentCode: null }],
  ["not JSON", "oops", "AGENT", { detail: "the answer is not JSON" }],
  ["no such module", { success: false, errorCode: "MODULE_NOT_FOUND" }, "AGENT", { agentCode: "MODULE_NOT_FOUND" }],
]) {
  test(`an answer that says: ${name}`, async (t) => {
    const { agent } = await agentOf(t, () => (answer === null ? "null" : answer));
    await fails(agent.sign({ documents: [{ content: "x" }] }), code, more);
  });
}

test("calls wait for each other, and an error of one is not the next one's", async (t) => {
  let running = 0;
  const { agent, fake } = await agentOf(t, async ({ method }) => {
    assert.equal((running += 1), 1);
    await new Promise((resolve) => setTimeout(resolve, 10));
    running -= 1;
    return method === "bad" ? "not json" : { code: "200", responseObject: method };
  });
  const found = await Promise.allSettled(["a", "bad", "c"].map((method) => agent.call({ module: "m", method })));
  assert.deepEqual(found.map(({ value, reason }) => (value ? resultOf(value) : reason.code)), ["a", "AGENT", "c"]);
  assert.deepEqual(fake.calls.map(({ method }) => method), ["a", "bad", "c"]);
});

test("a call that still waits for its turn is given up alone", async (t) => {
  let finish;
  const { agent, fake } = await agentOf(t, ({ method }) => (method === "a" ? new Promise((resolve) => (finish = resolve)) : { method }));
  const first = agent.call({ module: "m", method: "a" });
  const second = agent.call({ module: "m", method: "b" }, { signal: AbortSignal.timeout(20) });
  const third = agent.call({ module: "m", method: "c" });
  await fails(second, "TIMED_OUT");
  finish({ method: "a" });
  assert.deepEqual([await first, await third], [{ method: "a" }, { method: "c" }]);
  assert.deepEqual(fake.calls.map(({ method }) => method), ["a", "c"]);
});

test("where answers come that no call waited for, the next one could be late, too: no call is made any more", async (t) => {
  const { agent, fake } = await agentOf(t, ({ method }) => ({ method }));
  assert.deepEqual(await agent.call({ module: "m", method: "a" }), { method: "a" });
  [...fake.pages][0].send('{"method":"late"}');
  await new Promise((resolve) => setTimeout(resolve, 20));
  await fails(agent.call({ module: "m", method: "b" }), "GONE", { detail: "answers came that no call waited for: connect anew" });
  assert.equal(fake.calls.length, 1);
});

test("two answers to one call never become the answer of the next", async (t) => {
  const { agent, fake } = await agentOf(t, () => undefined);
  const first = agent.call({ module: "m", method: "a" });
  const second = agent.call({ module: "m", method: "b" });
  await new Promise((resolve) => setTimeout(resolve, 20));
  const [page] = fake.pages;
  page._socket.cork(); // both in one piece
  page.send('{"n":1}');
  page.send('{"n":2}');
  page._socket.uncork();
  assert.deepEqual(await first, { n: 1 });
  await fails(second, "GONE");
});

test("requests of Qalamsap's own module are no calls", async (t) => {
  const { agent } = await agentOf(t, () => undefined);
  await fails(agent.call({ module: "kz.qalamsap.v1", id: "1", method: "capabilities" }), "UNSUPPORTED");
});

test("an agent that hangs up because too many wait is BUSY", async (t) => {
  const { agent, fake } = await agentOf(t, () => undefined);
  const call = agent.call({ module: "m" });
  setTimeout(() => [...fake.pages][0].close(1013), 20);
  await fails(call, "BUSY", { retryable: true });
});

test("a page that is left hangs up, and no listener stays", async (t) => {
  const listeners = new Set();
  t.after(() => {
    delete globalThis.addEventListener;
    delete globalThis.removeEventListener;
  });
  globalThis.addEventListener = (name, listener) => name === "pagehide" && listeners.add(listener);
  globalThis.removeEventListener = (name, listener) => listeners.delete(listener);
  const { agent } = await agentOf(t, () => undefined);
  const call = agent.call({ module: "m" });
  for (const leave of listeners) leave();
  await fails(call, "GONE", { detail: "WebSocket closed, code 1000, the page was left" });
  assert.equal(agent.isOpen, false);
  assert.equal(listeners.size, 0);
});

test("there is no cancelling but hanging up", async (t) => {
  const { agent, fake } = await agentOf(t, () => undefined);
  await fails(agent.call({ module: "m" }, { signal: AbortSignal.timeout(20) }), "TIMED_OUT");
  assert.equal(agent.isOpen, false);
  await fails(agent.call({ module: "m" }), "GONE");
  assert.equal(fake.calls.length, 1);
});

test("heartbeats go while a person thinks; a program that stopped is noticed, and an idle one left alone", async (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  let finish;
  const { agent, fake } = await agentOf(t, () => new Promise((resolve) => (finish = resolve)));
  const [page] = fake.pages;
  let beats = 0;
  page.on("message", (data) => (beats += data.toString() === "--heartbeat--"));
  const arrive = () => new Promise((resolve) => setTimeout(resolve, 20));
  t.mock.timers.tick(60_000);
  await arrive();
  assert.equal(beats, 0);
  const call = agent.call({ module: "m" });
  await arrive();
  for (let beat = 0; beat < 6; beat += 1) {
    t.mock.timers.tick(10_000);
    await arrive();
  }
  assert.equal(beats, 6);
  finish({ code: "200", responseObject: 1 });
  assert.equal(resultOf(await call), 1);
  const silent = agent.call({ module: "m" });
  await arrive();
  page.removeAllListeners("message");
  for (let beat = 0; beat < 4; beat += 1) t.mock.timers.tick(10_000);
  await fails(silent, "GONE", { detail: "WebSocket closed, code 1000, heartbeats were not answered" });
});
