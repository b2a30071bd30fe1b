// A program written for npm's node-zookeeper-client: reads verbs, one in a line, and says what came of each.
// `node client.js HOSTS`; tests/interop/transcripts/node.txt shows every verb at work. This client's handshake is the one of
// ZooKeeper 3.3 (44 bytes, without the read-only flag).
'use strict';

const readline = require('readline');
const zookeeper = require('node-zookeeper-client');

const hosts = process.argv[2];
const modes = {
  e: zookeeper.CreateMode.EPHEMERAL,
  s: zookeeper.CreateMode.PERSISTENT_SEQUENTIAL,
  es: zookeeper.CreateMode.EPHEMERAL_SEQUENTIAL,
};
const acls = {open: zookeeper.ACL.OPEN_ACL_UNSAFE, creator: zookeeper.ACL.CREATOR_ALL_ACL, read: zookeeper.ACL.READ_ACL_UNSAFE};
let client = null;
let lastSession = '';

const say = (line) => console.log(line);
const failed = (error) => say(error.getName ? error.getName() : error.message);
const onEvent = (event) => say(`event ${event.getName()} ${event.getPath()}`);
const version = (word) => (word === undefined ? -1 : Number(word));

// A callback that says the error, or what `text` makes of the result.
const then = (text) => (error, ...result) => (error ? failed(error) : say(text(...result)));

const owner = (stat) => {
  if (stat.ephemeralOwner.every((byte) => byte === 0)) return 'none';
  return stat.ephemeralOwner.equals(client.getSessionId()) ? 'this' : 'other';
};
const statText = (stat) => `v=${stat.version} cv=${stat.cversion} av=${stat.aversion} length=${stat.dataLength} ` +
    `children=${stat.numChildren} owner=${owner(stat)}`;

const verbs = {
  open(timeout) {  // open TIMEOUT_MS: "event connected" follows
    client = zookeeper.createClient(hosts, {sessionTimeout: Number(timeout), spinDelay: 100, retries: 0});
    client.on('connected', () => say('event connected'));
    client.on('disconnected', () => say('event disconnected'));
    client.on('expired', () => say('event expired'));
    client.connect();
  },

  close() { client.close(); },

  session() {  // whether it is the one that this verb saw the last time
    const session = client.getSessionId().toString('hex');
    say(session === lastSession ? 'the same session' : 'a new session');
    lastSession = session;
  },

  server() {  // the address at the other end of the connection
    const socket = client.connectionManager.socket;
    say(`${socket.remoteAddress}:${socket.remotePort}`);
  },

  create(path, data, acl, mode) {  // create PATH DATA [open|creator|read] [e|s|es]
    client.create(path, Buffer.from(data), acls[acl || 'open'], modes[mode] || 0, then((created) => created));
  },

  get(path, watch) {
    client.getData(path, watch && onEvent, then((data, stat) => `${data}: ${statText(stat)}`));
  },

  exists(path, watch) {
    client.exists(path, watch && onEvent, then((stat) => (stat ? statText(stat) : 'none')));
  },

  ls(path, watch) {
    client.getChildren(path, watch && onEvent, then((names, stat) => `[${names.sort().join(' ')}]: ${statText(stat)}`));
  },

  set(path, data, expected) {
    client.setData(path, Buffer.from(data), version(expected), then(statText));
  },

  delete(path, expected) {
    client.remove(path, version(expected), then(() => 'ok'));
  },

  auth(who) {  // the client sends it and tells nobody what came of it
    client.addAuthInfo('digest', Buffer.from(who));
  },

  getacl(path) {
    client.getACL(path, then((list, stat) =>
        `${list.map((acl) => `${acl.id.scheme}:${acl.id.id} ${acl.permission}`).join(', ')}: ${statText(stat)}`));
  },

  setacl(path, acl, expected) {
    client.setACL(path, acls[acl], version(expected), then(statText));
  },

  multi(...words) {  // multi OPERATION ; OPERATION …: create PATH DATA, set PATH DATA VERSION, check PATH VERSION, delete PATH VERSION
    const transaction = client.transaction();
    for (const operation of words.join(' ').split(' ; ')) {
      const [verb, path, ...rest] = operation.split(' ');
      if (verb === 'create') transaction.create(path, Buffer.from(rest[0]));
      if (verb === 'set') transaction.setData(path, Buffer.from(rest[0]), version(rest[1]));
      if (verb === 'check') transaction.check(path, version(rest[0]));
      if (verb === 'delete') transaction.remove(path, version(rest[0]));
    }
    transaction.commit((error, results) => {
      say(`multi ${error ? error.getName() : 'ok'}`);
      for (const result of results || [])
        say(`  type=${result.type} err=${result.err || 0}` + (result.path ? ` ${result.path}` : '') + (result.stat ? ` ${statText(result.stat)}` : ''));
    });
  },

  mkdirp(path) {
    client.mkdirp(path, then((created) => created));
  },

  // All sets and gets in flight at once, of a node whose version is 0.
  burst(path, count) {
    let inOrder = 0, seen = 0;
    const replied = (error, stat, wanted) => {
      if (!error && stat.version === wanted) ++inOrder;
      if (++seen === 2 * count) say(`burst ${inOrder} of ${seen} in order`);
    };
    for (let n = 1; n <= count; ++n) {
      client.setData(path, Buffer.from('x'), n - 1, (error, stat) => replied(error, stat, n));
      client.getData(path, (error, data, stat) => replied(error, stat, n));
    }
  },

  echo(word) {  // says it when the server has answered all that was sent
    client.exists('/', () => say(word));
  },
};

const input = readline.createInterface({input: process.stdin});
input.on('line', (line) => {
  const [verb, ...words] = line.split(' ');
  if (!verbs[verb]) return say(`no such verb: ${verb}`);
  try {
    verbs[verb](...words);
  } catch (error) {
    failed(error);
  }
});
input.on('close', () => {
  if (!client) return;
  client.on('disconnected', () => process.exit(0));
  client.close();
});
