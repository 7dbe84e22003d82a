// Runs Lighthouse (mobile, throttled: its default) in the Chromium at a port, so many times for
// each address, one after the other; prints a line of JSON for each run.
import lighthouse from "lighthouse";

const [port, runs, ...urls] = process.argv.slice(2);
const onlyCategories = ["performance", "accessibility", "best-practices"];

for (const url of urls) {
  for (let run = 0; run < Number(runs); run++) {
    const flags = { port: Number(port), onlyCategories, logLevel: "error", ignoreStatusCode: true };
    const { lhr } = await lighthouse(url, flags);
    if (lhr.runtimeError) throw new Error(`${url}: ${lhr.runtimeError.message}`);
    const scores = Object.values(lhr.categories).map(({ id, score }) => [id, Math.round(score * 100)]);
    const faults = Object.values(lhr.categories).flatMap(({ auditRefs }) =>
      auditRefs
        .filter(({ id, weight }) => weight > 0 && (lhr.audits[id].score ?? 1) < 0.9)
        .map(({ id }) => [id, lhr.audits[id].title, lhr.audits[id].displayValue].filter(Boolean).join(": ")),
    );
    const interactive_ms = lhr.audits.interactive.numericValue;
    console.log(JSON.stringify({ url, scores: Object.fromEntries(scores), interactive_ms, faults }));
  }
}
