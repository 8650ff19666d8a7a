// The calls that both runs make, in Node and in a browser. Resolves to one object: what each call gave, or its error.
const XML = '<?xml version="1.0" encoding="UTF-8"?><act><line Id="one">бір</line><line Id="two">екі</line></act>';

export async function drive(NCALayerClient, url, documents) {
  const outcome = {};

  async function attempt(name, call) {
    try {
      outcome[name] = { value: await call() };
    } catch (error) {
      outcome[name] = { error: error.message, canceledByUser: error.canceledByUser === true };
    }
  }

  const client = new NCALayerClient(url);
  outcome.version = await client.connect();
  outcome.isKmd = client.isKmd;
  const signer = { extKeyUsageOids: ['1.3.6.1.5.5.7.3.4'], chain: [] };
  const files = NCALayerClient.basicsStoragePKCS12;
  const detached = NCALayerClient.basicsCMSParamsDetachedNoTSP;
  const attached = { ...detached, encapsulate: true };
  const stamped = NCALayerClient.basicsCMSParamsDetached;

  await attempt('tokens', () => client.getActiveTokens());
  await attempt('single', () => client.basicsSignCMS(files, documents[0], detached, signer));
  await attempt('attached', () => client.basicsSignCMS(files, documents[0], attached, signer));
  await attempt('array', () => client.basicsSignCMS(files, documents, detached, signer));
  await attempt('commonUtils', () => client.createCAdESFromBase64('PKCS12', documents[0], 'SIGNATURE', true));
  await attempt('xml', () => client.basicsSignXML(files, XML, NCALayerClient.basicsXMLParams, signer));
  await attempt('xmlArray', () => client.basicsSignXML(files, [XML, '<b/>'], NCALayerClient.basicsXMLParams, signer));
  await attempt('signXml', () => client.signXml('PKCS12', XML));
  await attempt('signXmlById', () => client.signXml('PKCS12', XML, 'SIGNATURE', "//*[@Id='one']", "//*[@Id='two']"));
  await attempt('signXmls', () => client.signXmls('PKCS12', [XML, '<b/>']));
  await attempt('brokenXml', () => client.signXml('PKCS12', '<a>'));
  await attempt('stampedByCommonUtils', () =>
    client.createCMSSignatureFromBase64('PKCS12', documents[0], 'SIGNATURE', true),
  );
  await attempt('keyInfo', () => client.getKeyInfo('PKCS12'));
  await attempt('timestamp', () => client.basicsSignCMS(files, documents[0], stamped, signer));
  await attempt('cancelled', () => client.basicsSignCMS(files, documents[0], detached, signer));
  await attempt('locale', () => client.changeLocale('kk'));
  return outcome;
}
