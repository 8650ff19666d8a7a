// A page in the manner of the oldest official sample: a heartbeat with limits of patience, and one global callback by name.
//
//   agent=URL       the agent
//   beat=MS         the time between two beats (2000)
//   idle=N, busy=N  how many beats may go unanswered (3), and while an answer is due (50)
//   first=1         asks from `onopen`, so that the greeting comes while an answer is due
const given = new URLSearchParams(location.search);
const number = (name, otherwise) => Number(given.get(name) ?? otherwise);
const BEAT = '--heartbeat--';
const BEAT_MS = number('beat', 2000);
const IDLE_LIMIT = number('idle', 3);
const BUSY_LIMIT = number('busy', 50);
const COMMON = 'kz.gov.pki.knca.commonUtils';

const socket = new WebSocket(given.get('agent') ?? 'wss://127.0.0.1:13579/');
let callback = null; // the name of a function of this page; nothing is called before the first request
let limit = IDLE_LIMIT;
let missed = 0;

// What a watcher reads.
window.watched = { beats: 0, echoes: 0, worst: 0, gaveUp: false, thrown: 0, got: [], closed: null };
window.onerror = () => {
  window.watched.thrown += 1;
};

function beat() {
  if (missed >= limit) {
    window.watched.gaveUp = true;
    socket.close();
    return;
  }
  missed += 1;
  window.watched.beats += 1;
  window.watched.worst = Math.max(window.watched.worst, missed);
  socket.send(BEAT);
}

function ask(name, request) {
  callback = name;
  limit = BUSY_LIMIT;
  socket.send(JSON.stringify(request));
}

function keep(answer) {
  window.watched.got.push(answer);
}
window.xmlSigned = keep;
window.storeBrowsed = keep;
window.tokensListed = keep;

const xml = { module: COMMON, method: 'signXml', args: ['PKCS12', 'SIGNATURE', '<xml></xml>', '', ''] };
document.getElementById('sign').onclick = () => ask('xmlSigned', xml);
document.getElementById('browse').onclick = () =>
  ask('storeBrowsed', { method: 'browseKeyStore', args: ['PKCS12', 'P12', ''] });

let timer = null;
socket.onopen = () => {
  document.getElementById('state').textContent = 'open';
  if (given.get('first')) {
    ask('tokensListed', { module: COMMON, method: 'getActiveTokens' });
  }
  timer = setInterval(beat, BEAT_MS);
};
socket.onmessage = ({ data }) => {
  if (data === BEAT) { // only this counts as a sign of life
    missed = 0;
    window.watched.echoes += 1;
    return;
  }
  limit = IDLE_LIMIT;
  const answer = JSON.parse(data);
  window[callback](answer); // throws for a greeting that no request came before
};
socket.onclose = (event) => {
  clearInterval(timer);
  window.watched.closed = { wasClean: event.wasClean, code: event.code };
  document.getElementById('state').textContent = 'closed';
};
