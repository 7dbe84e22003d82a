// A charge point made of npm's ocpp-rpc, which checks every frame against OCPP 1.6's schemas.
//
// Its one argument is JSON: endpoint, identity, epoch_ms and speed of the clock, and stop_at_wh,
// where the car is unplugged by itself. It charges once and prints what it did, a JSON line each;
// "bad" is whatever broke a schema or was refused, in either direction.
import {setTimeout as sleep} from "node:timers/promises";
import {RPCClient} from "ocpp-rpc";

const POWER_W = 22_000;
const METER_START_WH = 358_000;
const SAMPLE_MS = 50;
const {endpoint, identity, epoch_ms, speed, stop_at_wh} = JSON.parse(process.argv[2]);

const bad = [];
const heard = [];
const print = (line) => process.stdout.write(JSON.stringify(line) + "\n");
const nowMs = () => Math.round(epoch_ms + (Date.now() - epoch_ms) * speed);
const timestamp = (ms) => new Date(ms).toISOString();

const client = new RPCClient({
    endpoint, identity, protocols: ["ocpp1.6"], strictMode: true, reconnect: false,
});
client.on("strictValidationFailure", (failure) => bad.push({
    method: failure.method, outbound: failure.outbound, error: failure.error.message,
    details: failure.error.details,
}));
client.on("badMessage", ({error}) => bad.push({error: error.message}));
client.on("callError", ({method, outbound, error}) =>
    bad.push({method, outbound, error: error.message}));
client.on("call", ({outbound, payload}) => outbound || heard.push(payload[2]));

const begun = Promise.withResolvers();
const ended = Promise.withResolvers();

const configuration = new Map([
    ["SupportedFeatureProfiles", "Core,RemoteTrigger,Reservation"],
    ["MeterValueSampleInterval", "900"],
    ["StopTxnSampledData", ""],
]);
client.handle("GetConfiguration", ({params}) => {
    const asked = params.key ?? [...configuration.keys()];
    const known = asked.filter((key) => configuration.has(key));
    return {
        configurationKey: known.map((key) => ({
            key, value: configuration.get(key), readonly: key === "SupportedFeatureProfiles",
        })),
        unknownKey: asked.filter((key) => !configuration.has(key)),
    };
});
client.handle(() => ({status: "Accepted"})); // whatever else is asked
client.handle("ChangeConfiguration", ({params}) => {
    configuration.set(params.key, params.value);
    return {status: "Accepted"};
});
client.handle("TriggerMessage", ({params}) => {
    setImmediate(async () => {
        await status(params.connectorId, "Available");
        print({triggered: params.connectorId});
    });
    return {status: "Accepted"};
});
client.handle("RemoteStartTransaction", ({params}) => {
    begun.resolve(params);
    return {status: "Accepted"};
});
client.handle("RemoteStopTransaction", () => {
    ended.resolve("Remote");
    return {status: "Accepted"};
});

function status(connectorId, status) {
    return client.call("StatusNotification", {
        connectorId, status, errorCode: "NoError", timestamp: timestamp(nowMs()),
    });
}

async function boot() {
    await client.call("BootNotification", {
        chargePointVendor: "ocpp-rpc", chargePointModel: "strict", firmwareVersion: "2.2.1",
        chargePointSerialNumber: "1",
    });
    await status(0, "Available");
    await status(1, "Available");
    await client.call("Heartbeat", {});
    await client.call("DataTransfer", {vendorId: "somebody", data: "something"});
    await client.call("FirmwareStatusNotification", {status: "Idle"});
    await client.call("DiagnosticsStatusNotification", {status: "Idle"});
    print({online: true});
}

async function charge({connectorId, idTag}) {
    await client.call("Authorize", {idTag});
    await status(connectorId, "Preparing");
    const startMs = nowMs();
    const flowed = (ms) => Math.floor((POWER_W * (ms - startMs)) / 3_600_000);
    const {transactionId, idTagInfo} = await client.call("StartTransaction", {
        connectorId, idTag, meterStart: METER_START_WH, timestamp: timestamp(startMs),
    });
    print({started: transactionId, accepted: idTagInfo.status});
    await status(connectorId, "Charging");
    const reason = await untilStopped(connectorId, transactionId, flowed);
    const stopMs = nowMs();
    await client.call("StopTransaction", {
        transactionId, idTag, reason, meterStop: METER_START_WH + flowed(stopMs),
        timestamp: timestamp(stopMs),
        transactionData: [sample(stopMs, flowed(stopMs), "Transaction.End")],
    });
    await status(connectorId, "Finishing");
    await status(connectorId, "Available");
    print({stopped: transactionId, energy_wh: flowed(stopMs), charging_s: (stopMs - startMs) / 1000});
}

async function untilStopped(connectorId, transactionId, flowed) {
    let reason;
    ended.promise.then((why) => { reason = why; });
    while (!reason) {
        const ms = nowMs();
        const wh = flowed(ms);
        await client.call("MeterValues", {
            connectorId, transactionId, meterValue: [sample(ms, wh, "Sample.Periodic")],
        });
        print({read_wh: wh});
        if (stop_at_wh && wh >= stop_at_wh) ended.resolve("EVDisconnected");
        await sleep(SAMPLE_MS);
    }
    return reason;
}

function sample(ms, wh, context) {
    return {
        timestamp: timestamp(ms),
        sampledValue: [
            {value: String(METER_START_WH + wh), context, unit: "Wh",
                measurand: "Energy.Active.Import.Register"},
            {value: String(POWER_W), context, unit: "W", measurand: "Power.Active.Import"},
        ],
    };
}

await client.connect();
try {
    await boot();
    await charge(await begun.promise);
} catch (error) {
    bad.push({error: error.message});
}
await client.close();
print({bad, heard});
