// The calls that both runs make, in Node and in a browser. Resolves to one object: what each call gave, or its error.
//
// `steps` names the calls to make, in order: versions of the client differ in what they can ask for, and the scripted person
// answers by the number of the operation.
const XML = '<?xml version="1.0" encoding="UTF-8"?><act><line Id="one">бір</line><line Id="two">екі</line></act>';
const PATIENCE_MS = 40000;

export async function drive(NCALayerClient, url, steps, { documents, digest, logo }) {
  const client = new NCALayerClient(url);
  const files = NCALayerClient.basicsStoragePKCS12;
  const file = NCALayerClient.fileStorageType;
  const [first] = documents;
  const octets = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer;
  // Some constants are younger than the oldest version: then the same, spelt out.
  const detached = NCALayerClient.basicsCMSParamsDetachedNoTSP ?? { decode: true, encapsulate: false, digested: false };
  const attached = { ...detached, encapsulate: true };
  const signer = NCALayerClient.basicsSignerSignAny;
  const xmlParams = NCALayerClient.basicsXMLParams;

  const cms = (data, params, who = signer) => client.basicsSignCMS(files, data, params, who);

  const calls = {
    // commonUtils
    tokens: () => client.getActiveTokens(),
    keyInfo: () => client.getKeyInfo(file),
    keyInfoCancelled: () => client.getKeyInfo(file),
    keyInfoOfToken: () => client.getKeyInfo('AKJaCartaStore'),
    cadesDetached: () => client.createCAdESFromBase64(file, first),
    cadesAttached: () => client.createCAdESFromBase64(file, first, 'SIGNATURE', true),
    cadesAuthentication: () => client.createCAdESFromBase64(file, first, 'AUTHENTICATION'),
    cadesWrongKey: () => client.createCAdESFromBase64(file, first, 'AUTHENTICATION'),
    cadesHash: () => client.createCAdESFromBase64Hash(file, digest),
    cadesEmptyHash: () => client.createCAdESFromBase64Hash(file, ''),
    cadesArray: () => client.createCAdESFromBase64(file, documents),
    cmsStamped: () => client.createCMSSignatureFromBase64(file, first),
    cmsStampedAttached: () => client.createCMSSignatureFromBase64(file, first, 'SIGNATURE', true),
    signXml: () => client.signXml(file, XML),
    signXmlById: () => client.signXml(file, XML, 'SIGNATURE', "//*[@Id='one']", "//*[@Id='two']"),
    signXmls: () => client.signXmls(file, [XML, '<b/>']),
    signXmlBroken: () => client.signXml(file, '<a>'),
    signXmlCancelled: () => client.signXml(file, XML),
    locale: () => client.changeLocale('kk'),
    localeUnknown: () => client.changeLocale('kz'),
    // basics
    single: () => cms(first, detached),
    attached: () => cms(first, attached),
    array: () => cms(documents, detached),
    octets: () => cms(octets(first), detached),
    blob: () => cms(new Blob([octets(first)]), detached),
    defaults: () => cms('text, not base64', NCALayerClient.basicsCMSParams),
    stampedDetached: () => cms(first, NCALayerClient.basicsCMSParamsDetached),
    stampedHash: () => cms(digest, NCALayerClient.basicsCMSParamsDetachedHash),
    stampedAttached: () => cms(first, NCALayerClient.basicsCMSParamsAttached),
    everyStorage: () => client.basicsSignCMS(NCALayerClient.basicsStorageAll, first, detached, signer),
    tokensOnly: () => client.basicsSignCMS(NCALayerClient.basicsStorageHardware, first, detached, signer),
    anySigner: () => cms(first, detached, NCALayerClient.basicsSignerAny),
    person: () => cms(first, detached, NCALayerClient.basicsSignerSignPerson),
    organisation: () => cms(first, detached, NCALayerClient.basicsSignerSignOrg),
    organisationIsNoPerson: () => cms(first, detached, NCALayerClient.basicsSignerSignOrg),
    head: () => cms(first, detached, NCALayerClient.basicsSignerSignHead),
    trusted: () => cms(first, detached, NCALayerClient.basicsSignerSignTrusted),
    employee: () => cms(first, detached, NCALayerClient.basicsSignerSignEmployee),
    authentication: () => cms(first, detached, NCALayerClient.basicsSignerAuthAny),
    authenticationHead: () => cms(first, detached, NCALayerClient.basicsSignerAuthHead),
    testSigner: () => cms(first, detached, NCALayerClient.basicsSignerTestAny),
    xml: () => client.basicsSignXML(files, XML, xmlParams, signer),
    xmlArray: () => client.basicsSignXML(files, [XML, '<b/>'], xmlParams, signer),
    logo: async () => {
      await client.setLogoForBasicsSign(logo);
      return cms(first, detached);
    },
    cancelled: () => cms(first, detached),
    badParams: () => cms(first, 555),
  };

  async function attempt(call) {
    const late = new Promise((resolve, reject) => {
      setTimeout(() => reject(new Error('never settled')), PATIENCE_MS).unref?.();
    });
    try {
      return { value: await Promise.race([call(), late]) };
    } catch (error) {
      return { error: error.message, canceledByUser: error.canceledByUser === true };
    }
  }

  const outcome = { sent: [], received: [] };
  client.onRequestReady = (frame) => outcome.sent.push(frame);
  client.onResponseReady = (frame) => outcome.received.push(frame);
  outcome.connected = await attempt(() => client.connect());
  outcome.isKmd = client.isKmd ?? null;
  for (const step of steps) {
    outcome[step] = await attempt(calls[step]);
  }
  return outcome;
}
