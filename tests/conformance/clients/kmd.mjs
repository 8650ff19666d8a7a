// What both runs ask for through the HTTPS interface for large documents, in Node and in a browser. Resolves to one object.
//
// `first` is asked over WebSocket where the interface is not to be seen yet: the person grants the site then. `sizes` are those of
// the large documents; document number n consists of that many octets n.
const DETACHED = { decode: true, encapsulate: false, digested: false };
const ATTACHED = { decode: true, encapsulate: true, digested: false };
const LOOK_MS = 1500; // the client looks for the interface in the background, for a second

export const document = (number, size) => new Uint8Array(size).fill(number);

const pause = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });

async function attempt(call) {
  try {
    return { value: await call() };
  } catch (error) {
    return { error: error.message, canceledByUser: error.canceledByUser === true };
  }
}

export async function drive(NCALayerClient, { url, api, texts, sizes, steps }) {
  const outcome = { sent: [] };
  const files = NCALayerClient.basicsStoragePKCS12;
  const signer = NCALayerClient.basicsSignerSignAny;

  async function connected() {
    const client = new NCALayerClient(url, true);
    client.kmdHttpApiUrl = api; // a port of the test's own; all else is the client's
    client.onRequestReady = (frame) => outcome.sent.push(frame);
    await client.connect();
    for (let waited = 0; waited < LOOK_MS && !client.isKmdHttpApiAvailable; waited += 50) {
      await pause(50);
    }
    return client;
  }

  async function large(client, kind) {
    await client.startKmdMultisign(sizes.length, false, false);
    const signatures = [];
    for (const [number, size] of sizes.entries()) {
      const octets = document(number, size);
      signatures.push(await client.kmdMultisignNext(kind === 'blob' ? new Blob([octets], { type: 'application/pdf' }) : octets.buffer));
    }
    return signatures;
  }

  const calls = {
    overWebSocket: (client) => client.basicsSignCMS(files, texts[0], DETACHED, signer),
    array: (client) => client.basicsSignCMS(files, texts, DETACHED, signer),
    attached: (client) => client.basicsSignCMS(files, texts[0], ATTACHED, signer),
    defaults: (client) => client.basicsSignCMS(files, texts[0], NCALayerClient.basicsCMSParams, signer),
    octets: (client) => client.basicsSignCMS(files, document(7, 70000).buffer, DETACHED, signer),
    large: (client) => large(client, 'buffer'),
    blobs: (client) => large(client, 'blob'),
    cancelled: (client) => client.startKmdMultisign(1, true, false),
  };

  let client = await connected();
  outcome.seenBefore = client.isKmdHttpApiAvailable;
  for (const step of steps) {
    outcome[step] = await attempt(() => calls[step](client));
    if (step === 'overWebSocket') {
      client = await connected();
    }
  }
  outcome.seenAfter = client.isKmdHttpApiAvailable;
  outcome.multisign = await attempt(() => client.kmdMultisignAvailable());
  return outcome;
}
