// Never run: the compiler must accept the first half and refuse every line under @ts-expect-error.
import { connect, permission, QalamsapError, resultOf, type Agent, type ErrorCode, type KeyDescription } from "qalamsap";

export async function uses(file: Blob, signal: AbortSignal): Promise<string> {
  const state: "granted" | "prompt" | "denied" | "unknown" = await permission();
  const agent: Agent = await connect({ language: "kk", signal, WebSocket, onPermissionPrompt: () => console.log(state) });
  const cms = await agent.sign({
    documents: [{ title: "Акт", facts: [{ label: "Сумма", value: "1" }], content: file }],
    timestamp: "required",
    key: { bin: "150640012341", authorities: null },
    onEvent: (event) => event.event === "signed" && event.done / event.total,
    signal,
  });
  const blob: Blob = cms.signatures[0]!;
  const xml = await agent.sign({ documents: [{ content: "<a/>" }], format: "xml" });
  const signed: string = xml.signatures[0]!;
  const pem = await agent.sign({ documents: [{ content: { digest: new Uint8Array(32) } }], output: "pem" });
  const armoured: string = pem.signatures[0]!;
  const some = await agent.sign({ documents: [{ content: "a" }, { content: "b" }], output: "base64", mayLeaveOut: true });
  const made: string[] = some.signatures.filter((each) => each !== null);
  const key: KeyDescription = await agent.describeKey();
  const { login } = await agent.login({ nonce: crypto.getRandomValues(new Uint8Array(32)) });
  const stamped: Blob = await agent.timestamp({ signature: blob });
  const report = await agent.verify({ signature: stamped, document: file });
  const result: unknown = resultOf(await agent.call({ module: "kz.gov.pki.knca.basics", method: "sign", args: {} }, { signal }));
  agent.close();
  return [signed, armoured, ...made, key.owner.iin, login, report.signers[0]?.subject?.iin, result].join();
}

export function told(error: unknown): [ErrorCode, string] | null {
  return error instanceof QalamsapError ? [error.code, `${error.message} ${error.advice} ${error.help}`] : null;
}

export async function misuses(agent: Agent): Promise<void> {
  // @ts-expect-error: no such format
  await agent.sign({ documents: [], format: "docx" });
  // @ts-expect-error: documents are needed
  await agent.sign({ format: "cms" });
  // @ts-expect-error: a number is no content
  await agent.sign({ documents: [{ content: 1 }] });
  // @ts-expect-error: a text format gives texts
  const blob: Blob = (await agent.sign({ documents: [{ content: "<a/>" }], format: "xml" })).signatures[0];
  // @ts-expect-error: what may be left out may be null
  const left: Blob[] = (await agent.sign({ documents: [{ content: "a" }], mayLeaveOut: true })).signatures;
  // @ts-expect-error: such an error does not exist
  const code: ErrorCode = "OFFLINE";
  // @ts-expect-error: errors are made by the client only
  void [blob, left, code, new QalamsapError("of the page")];
}
