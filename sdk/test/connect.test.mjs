import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { test } from "node:test";
import * as sdk from "qalamsap";
import { WebSocket } from "ws";
import { TEXTS } from "../src/texts.js";
import { fails } from "./checks.mjs";
import { error, MODULE, served } from "./fakes.mjs";

const { connect, permission, QalamsapError } = sdk;

async function fakeOf(t, converse) {
  const fake = await served(converse);
  t.after(() => fake.close());
  return fake.url;
}

test("nobody listens", async () => {
  const message = "The signing agent does not answer.";
  await fails(connect({ url: "wss://127.0.0.1:1/", WebSocket, language: "en" }), "NOT_RUNNING", { message, retryable: true, help: "https://127.0.0.1:1/" });
});

test("nobody listens, and the socket never says that it closed, as Node's own", async () => {
  class Mute {
    constructor() {
      setTimeout(() => this.onerror({ message: "no" }), 10);
    }
    close() {}
  }
  await fails(connect({ url: "wss://127.0.0.1:1/", WebSocket: Mute }), "NOT_RUNNING");
});

test("a program on the port that speaks plain HTTP where TLS was wanted: the agent runs, its certificate is the trouble", async (t) => {
  const server = createServer((socket) => {
    socket.once("data", (hello) => (hello[0] === 0x16 ? socket.destroy() : socket.end("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  await fails(connect({ url: `wss://127.0.0.1:${server.address().port}/`, WebSocket }), "TLS_UNTRUSTED", { retryable: false });
});

for (const [name, converse, detail] of [
  ["greets with something else", (socket) => socket.send("220 mail ready"), "the greeting is not JSON"],
  ["greets with other JSON", (socket) => socket.send('{"hello":1}'), "the first message is not a greeting"],
  ["says what it hears", (socket) => { socket.send('{"result":{"version":"1"}}'); socket.on("message", (data) => socket.send(data.toString())); }, "the answer to capabilities names none"],
  ["hangs up", (socket) => socket.close(1011), "the greeting did not come: WebSocket closed, code 1011"],
  ["greets and hangs up", (socket) => { socket.send('{"result":{"version":"1"}}'); socket.close(1001); }, "the answer to capabilities did not come: WebSocket closed, code 1001"],
]) {
  test(`a program that ${name} is SILENT`, async (t) => {
    await fails(connect({ url: await fakeOf(t, converse), WebSocket }), "SILENT", { detail });
  });
}

for (const [name, converse] of [
  ["at once", (socket) => socket.close(1013, "too many connections")],
  ["after its greeting", (socket) => { socket.send('{"result":{"version":"1"}}'); socket.close(1013, "too many connections"); }],
  ["when it is asked who it is", (socket) => { socket.send('{"result":{"version":"1"}}'); socket.on("message", () => socket.close(1013, "too many connections")); }],
]) {
  test(`an agent that asks ${name} to come later is BUSY`, async (t) => {
    const told = { retryable: true, detail: "WebSocket closed, code 1013, too many connections" };
    await fails(connect({ url: await fakeOf(t, converse), WebSocket }), "BUSY", told);
  });
}

test("a socket that opens, and ends before anybody could ask for more, is heard all the same", async () => {
  class Hasty {
    constructor() {
      setTimeout(() => {
        this.onopen();
        this.onclose({ code: 1013, reason: "" });
      });
    }
    close() {}
  }
  await fails(connect({ url: "wss://127.0.0.1:1/", WebSocket: Hasty, signal: AbortSignal.timeout(5000) }), "BUSY");
});

test("an agent that refuses to introduce itself says why", async (t) => {
  const url = await fakeOf(t, (socket) => {
    socket.send('{"result":{"version":"1.4"}}');
    socket.on("message", () => socket.send(JSON.stringify({ module: MODULE, id: "hello", error: error("not-allowed") })));
  });
  await fails(connect({ url, WebSocket }), "AGENT", { agentCode: "not-allowed", message: "Сөз: not-allowed" });
});

test("the page may give up before, while and after the socket opens", async (t) => {
  const url = await fakeOf(t, () => undefined);
  await fails(connect({ url, WebSocket, signal: AbortSignal.abort() }), "CANCELLED");
  await fails(connect({ url, WebSocket, signal: AbortSignal.timeout(30) }), "TIMED_OUT");
  const deaf = createServer(() => undefined);
  await new Promise((resolve) => deaf.listen(0, "127.0.0.1", resolve));
  t.after(() => deaf.close());
  await fails(connect({ url: `ws://127.0.0.1:${deaf.address().port}/`, WebSocket, signal: AbortSignal.timeout(30) }), "TIMED_OUT");
});

test("the page may give up while it is found out why the socket did not open", async (t) => {
  const deaf = createServer((socket) => socket.once("data", (hello) => hello[0] === 0x16 && socket.destroy())); // no TLS, and no answer to plain HTTP
  await new Promise((resolve) => deaf.listen(0, "127.0.0.1", resolve));
  t.after(() => deaf.close());
  const began = performance.now();
  await fails(connect({ url: `wss://127.0.0.1:${deaf.address().port}/`, WebSocket, signal: AbortSignal.timeout(300) }), "TIMED_OUT");
  assert.ok(performance.now() - began < 5000);
});

test("the page's own mistakes are no failure of the agent", async () => {
  await assert.rejects(connect({ WebSocket: null }), TypeError);
  await assert.rejects(connect({ url: "nonsense", WebSocket }), SyntaxError);
});

test("outside a browser nothing is known of permissions", async () => {
  assert.equal(await permission(), "unknown");
});

test("every error has its words in three languages, and types name the same codes and exports", () => {
  const types = readFileSync(new URL("../src/index.d.ts", import.meta.url), "utf8");
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const named = [.../type ErrorCode =([^;]+);/.exec(types)[1].matchAll(/"([A-Z_]+)"/g)].map(([, code]) => code);
  assert.deepEqual(Object.keys(TEXTS), named);
  for (const [code, texts] of Object.entries(TEXTS)) {
    assert.deepEqual(Object.keys(texts), ["kk", "ru", "en"], code);
    assert.equal(new Set(Object.values(texts).flat().filter(Boolean)).size, 6, code);
    assert.ok(readme.includes(`\`${code}\``), code);
    for (const language of ["kk", "ru", "en"]) assert.equal(new QalamsapError(code, { language }).message, texts[language][0]);
  }
  const declared = [...types.matchAll(/^export (?:class|function) (\w+)/gm)].map(([, name]) => name);
  assert.deepEqual(Object.keys(sdk).sort(), declared.sort());
});
