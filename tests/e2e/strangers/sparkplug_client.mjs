// An edge node made with npm's sparkplug-client, led by lines of JSON on stdin (tests/e2e/stranger.py).
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const require = createRequire(process.argv[2] + "/here.js");
const Long = require("long");
const { newClient } = require("sparkplug-client");

const say = (word) => process.stdout.write(word + "\n");
const WIDE = new Set(["Int64", "UInt64"]);

let client = null;
let plan = null; // what begins: addresses, ids, and the metrics of the node and of each station

function metric({ name, alias, type, value, at }, named = true) {
  const wide = WIDE.has(type) && value !== null;
  const made = { type, value: wide ? Long.fromString(value, type === "UInt64") : value };
  if (named) made.name = name;
  if (alias !== undefined) made.alias = alias;
  if (at !== null) made.timestamp = at;
  return made;
}

function giveBirth() {
  const timestamp = Date.now();
  const rebirth = { name: "Node Control/Rebirth", type: "Boolean", value: false };
  client.publishNodeBirth({ timestamp, metrics: [rebirth, ...plan.node_metrics.map((m) => metric(m))] });
  for (const [station, metrics] of Object.entries(plan.stations))
    client.publishDeviceBirth(station, { timestamp, metrics: metrics.map((m) => metric(m)) });
  say("born");
}

const DOES = {
  begin(line) {
    plan = line;
    client = newClient({
      serverUrl: `mqtt://${line.host}:${line.port}`,
      username: null, password: null, clientId: "stranger-" + line.node,
      groupId: line.group, edgeNode: line.node, version: "spBv1.0",
    });
    client.on("birth", giveBirth);
    client.on("ncmd", (command) => {
      if (command.metrics.some((m) => m.name === "Node Control/Rebirth" && m.value)) {
        say("asked");
        giveBirth();
      }
    });
  },
  data({ station, at, metrics }) {
    const payload = { timestamp: at, metrics: metrics.map((m) => metric(m, m.alias === undefined)) };
    if (station === null) client.publishNodeData(payload);
    else client.publishDeviceData(station, payload);
    say("sent");
  },
  lose() {
    client.incrementSeqNum(); // as if the network had lost a message
    say("lost");
  },
};

createInterface({ input: process.stdin }).on("line", (text) => {
  const line = JSON.parse(text);
  DOES[line.do](line);
});
