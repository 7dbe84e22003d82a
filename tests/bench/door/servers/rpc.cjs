// A central system on npm `ocpp-rpc` with strictMode: validated by schema, nothing stored.
const { RPCServer } = require("ocpp-rpc");

const accepted = { idTagInfo: { status: "Accepted" } };
const now = () => new Date().toISOString();
let number = 0;
const answers = {
  BootNotification: () => ({ status: "Accepted", interval: 300, currentTime: now() }),
  Heartbeat: () => ({ currentTime: now() }),
  StatusNotification: () => ({}),
  Authorize: () => accepted,
  StartTransaction: () => ({ transactionId: ++number, ...accepted }),
  MeterValues: () => ({}),
  StopTransaction: () => ({}),
};

const server = new RPCServer({ protocols: ["ocpp1.6"], strictMode: true });
server.auth((accept) => accept());
server.on("client", (client) => {
  for (const [action, answer] of Object.entries(answers)) client.handle(action, answer);
});
server.listen(Number(process.argv[2]), "127.0.0.1");
