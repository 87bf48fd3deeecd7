// The incidents of the fixtures, in the format of docs/api.md.

const everywhere = ["shanghai-ct", "beijing-cu", "guangzhou-cm", "frankfurt-dt", "virginia-cogent", "singapore-st"];
const cells = (vantages, target, stage, cause) => vantages.map((vantage) => ({ vantage, target, stage, cause }));

export const app_incident = (now_ms) => ({
  id: "i-20251124-0001", state: "open", grade: "convicted", class: "app", component: { kind: "app", key: "app:checkout" },
  side: "far", stage: "http", mode: "http", cause: "status", confidence: 0.97, severity: 0.95,
  since_ms: now_ms - 380_000, opened_ms: now_ms - 360_000, updated_ms: now_ms - 10_000,
  summary_en: "App checkout is failing: HTTP 503 from 6 of 6 vantages.",
  summary_zh: "应用 checkout 故障：6 个观测点中 6 个收到 HTTP 503。",
  next_en: ["Look at the latest deploy of checkout.", "Look at what checkout depends on: its database and its queue."],
  next_zh: ["检查 checkout 最近一次发布。", "检查 checkout 所依赖的数据库和队列。"],
  apps: ["checkout"], acquitted: ["search", "orders"],
  evidence: [
    {
      for: "app:checkout",
      text_en: "It is the app: it answers with HTTP 503 over a verified TLS session from 6 of 6 vantages on 6 carriers.",
      text_zh: "问题在应用：6 个运营商的 6 个观测点在已验证的 TLS 会话上都收到 HTTP 503。",
      cells: cells(everywhere, "checkout", "http", "status"),
    },
    {
      for: "region:cirrus/cn-east",
      text_en: "Not the region: object storage in the same region answers from 6 of 6 vantages.",
      text_zh: "不是区域：同一区域的对象存储从 6 个观测点看全部正常。",
      cells: cells(everywhere.slice(0, 3), "cirrus/cn-east/object-storage", "done", "none"),
    },
    {
      for: "path:domestic-overseas",
      text_en: "Not the path: the status came through, so name, connection and encryption work from both sides of the border.",
      text_zh: "不是网络路径：状态码能够送达，说明境内外的解析、连接和加密都正常。",
    },
    {
      for: "zone:example.com",
      text_en: "Not DNS: 6 of 6 look-ups of checkout.example.com gave the same address.",
      text_zh: "不是 DNS：对 checkout.example.com 的 6 次解析都得到同一地址。",
    },
    {
      for: "vantage:shanghai-ct",
      text_en: "Not the probe: the same vantages reach 20 other targets.",
      text_zh: "不是探针：这些观测点能访问其他 20 个目标。",
    },
  ],
  candidates: [{ key: "app:checkout", confidence: 0.97 }, { key: "region:cirrus/cn-east", confidence: 0.01 }],
  would_settle: [],
  events: [
    {
      time_ms: now_ms - 370_000, event: "opened", grade: "leaning", confidence: 0.81,
      summary_en: "Leaning to app checkout: HTTP 503 from 2 of 6 vantages.",
      summary_zh: "倾向于应用 checkout：6 个观测点中 2 个收到 HTTP 503。",
    },
    {
      time_ms: now_ms - 360_000, event: "revised", grade: "convicted", confidence: 0.97,
      summary_en: "App checkout is failing: HTTP 503 from 6 of 6 vantages.",
      summary_zh: "应用 checkout 故障：6 个观测点中 6 个收到 HTTP 503。",
    },
  ],
});

export const cloud_incident = (now_ms) => ({
  id: "i-20251124-0002", state: "open", grade: "convicted", class: "cloud",
  component: { kind: "region", key: "region:cirrus/cn-east" }, side: "far", stage: "tcp", mode: "tcp", cause: "timeout",
  confidence: 0.94, severity: 0.99, since_ms: now_ms - 62_000, opened_ms: now_ms - 40_000, updated_ms: now_ms - 10_000,
  summary_en: "Cloud region cirrus cn-east does not answer: connections time out from 6 of 6 vantages.",
  summary_zh: "云区域 cirrus cn-east 无应答：6 个观测点的连接全部超时。",
  next_en: ["Move traffic of checkout and search away from cirrus cn-east.", "Open a ticket with cirrus; the evidence below can be pasted."],
  next_zh: ["把 checkout 和 search 的流量切出 cirrus cn-east。", "向 cirrus 提交工单，可直接附上以下依据。"],
  apps: ["checkout", "search"], acquitted: ["checkout", "search"],
  evidence: [
    {
      for: "region:cirrus/cn-east",
      text_en: "It is the region: object storage and the compute API fail together with your apps, from 6 of 6 vantages.",
      text_zh: "问题在区域：对象存储、计算 API 与你的应用同时故障，6 个观测点都能看到。",
      cells: [
        ...cells(everywhere.slice(0, 3), "cirrus/cn-east/object-storage", "tcp", "timeout"),
        ...cells(everywhere.slice(3), "cirrus/cn-east/compute-api", "tcp", "timeout"),
      ],
    },
    {
      for: "app:checkout",
      text_en: "Not your app: two services of cirrus that you do not run fail in the same way.",
      text_zh: "不是你的应用：两个不由你运行的 cirrus 服务以同样方式故障。",
      cells: cells(everywhere.slice(0, 2), "cirrus/cn-east/compute-api", "tcp", "timeout"),
    },
    {
      for: "provider:cirrus",
      text_en: "Not the whole provider: cirrus cn-south and ap-southeast answer from 6 of 6 vantages.",
      text_zh: "不是整个云厂商：cirrus 的 cn-south 和 ap-southeast 从 6 个观测点看全部正常。",
      cells: cells(everywhere.slice(0, 3), "cirrus/cn-south/object-storage", "done", "none"),
    },
    {
      for: "path:domestic-overseas",
      text_en: "Not the path: domestic vantages fail as well, and overseas ones reach cirrus cn-south.",
      text_zh: "不是网络路径：境内观测点同样失败，而境外观测点能访问 cirrus cn-south。",
    },
  ],
  candidates: [
    { key: "region:cirrus/cn-east", confidence: 0.94 },
    { key: "provider:cirrus", confidence: 0.03 },
    { key: "peering:ct/cirrus", confidence: 0.01 },
  ],
  would_settle: [],
  events: [
    {
      time_ms: now_ms - 40_000, event: "opened", grade: "convicted", confidence: 0.94,
      summary_en: "Cloud region cirrus cn-east does not answer.", summary_zh: "云区域 cirrus cn-east 无应答。",
    },
  ],
});

export const insufficient_incident = (now_ms) => ({
  id: "i-20251124-0003", state: "open", grade: "insufficient", stage: "tcp", cause: "timeout",
  since_ms: now_ms - 25_000, opened_ms: now_ms - 10_000, updated_ms: now_ms - 10_000,
  summary_en: "App orders is not reached from overseas; whose fault it is cannot be told yet.",
  summary_zh: "境外无法访问应用 orders，暂时无法判断是谁的问题。",
  next_en: ["Wait one more round (10 s), or run: sonde check https://orders.example.com/healthz --explain"],
  next_zh: ["再等一轮（10 秒），或运行：sonde check https://orders.example.com/healthz --explain"],
  apps: ["orders"], acquitted: ["checkout"],
  evidence: [
    {
      for: "border:CN",
      text_en: "Connections to orders time out from the 3 overseas vantages on 3 networks. DNS is fine there.",
      text_zh: "3 个网络上的 3 个境外观测点连接 orders 超时。DNS 正常。",
      cells: cells(everywhere.slice(3), "orders", "tcp", "timeout"),
    },
    {
      for: "zone:example.com",
      text_en: "Not DNS: the name resolves to the same address from 6 of 6 vantages.",
      text_zh: "不是 DNS：6 个观测点解析到同一地址。",
    },
    {
      for: "vantage:frankfurt-dt",
      text_en: "Not the probe: the three overseas vantages reach 20 other targets.",
      text_zh: "不是探针：三个境外观测点能访问其他 20 个目标。",
      cells: cells(everywhere.slice(3), "stratus/us-west/object-storage", "done", "none"),
    },
  ],
  candidates: [
    { key: "border:CN", confidence: 0.46 },
    { key: "app:orders", confidence: 0.38 },
    { key: "region:stratus/cn-north", confidence: 0.11 },
  ],
  would_settle: [
    {
      text_en: "A second target in stratus cn-north, seen from overseas: if it answers, the path is cleared.",
      text_zh: "从境外观察 stratus cn-north 的第二个目标：若有应答，即可排除网络路径。",
    },
    {
      text_en: "A connection to port 80 of orders beside 443 separates a filter from an outage.",
      text_zh: "除 443 外再连接 orders 的 80 端口，可区分过滤与中断。",
    },
  ],
  events: [],
});

export const leaning_incident = (now_ms) => ({
  id: "i-20251124-0004", state: "open", grade: "leaning", class: "path",
  component: { kind: "border-isp", key: "border-isp:cu" }, side: "middle", stage: "tcp", mode: "loss", cause: "timeout",
  confidence: 0.78, severity: 0.6, since_ms: now_ms - 190_000, opened_ms: now_ms - 160_000, updated_ms: now_ms - 10_000,
  summary_en: "Probably the cross-border path of carrier cu: overseas targets time out from beijing-cu only.",
  summary_zh: "很可能是运营商 cu 的跨境路径：只有 beijing-cu 访问境外目标超时。",
  next_en: ["Send cross-border traffic of carrier cu through another exit."],
  next_zh: ["把 cu 的跨境流量切到其他出口。"],
  apps: ["storefront", "media"], acquitted: ["storefront", "media", "checkout"],
  evidence: [
    {
      for: "border-isp:cu",
      text_en: "From beijing-cu all overseas targets fail, all domestic ones answer.",
      text_zh: "从 beijing-cu 看，境外目标全部失败，境内目标全部正常。",
      cells: cells(["beijing-cu"], "nimbus/us-east/object-storage", "tcp", "timeout"),
    },
    {
      for: "app:storefront",
      text_en: "Not your app: storefront answers from the 5 other vantages.",
      text_zh: "不是你的应用：storefront 在其他 5 个观测点均正常。",
    },
  ],
  candidates: [
    { key: "border-isp:cu", confidence: 0.78 },
    { key: "vantage:beijing-cu", confidence: 0.17 },
    { key: "corridor:CN>US", confidence: 0.03 },
  ],
  would_settle: [
    {
      text_en: "A second vantage on carrier cu: with one, the path and the probe look the same.",
      text_zh: "再增加一个 cu 观测点：只有一个时，路径和探针无法区分。",
    },
  ],
  events: [],
});

const base_ms = Date.UTC(2025, 10, 24, 6, 40, 12);
export const closed_incidents = [
  {
    id: "i-20251124-0000", state: "closed", grade: "convicted", class: "dns",
    component: { kind: "resolver", key: "resolver:203.0.113.53" }, side: "near", stage: "dns", cause: "servfail",
    confidence: 0.91, since_ms: base_ms - 9_000_000, opened_ms: base_ms - 8_980_000, updated_ms: base_ms - 8_200_000,
    closed_ms: base_ms - 8_200_000,
    summary_en: "Resolver 203.0.113.53 answered SERVFAIL; a second resolver did not.",
    summary_zh: "解析器 203.0.113.53 应答 SERVFAIL，另一个解析器正常。",
    evidence: [], candidates: [], apps: [], acquitted: [],
  },
  {
    id: "i-20251123-0002", state: "closed", grade: "convicted", class: "vantage",
    component: { kind: "vantage", key: "vantage:guangzhou-cm" }, side: "near", stage: "tcp", cause: "no_route",
    confidence: 0.96, since_ms: base_ms - 90_000_000, opened_ms: base_ms - 89_980_000, updated_ms: base_ms - 89_100_000,
    closed_ms: base_ms - 89_100_000,
    summary_en: "Vantage guangzhou-cm lost its own uplink; everything else was fine.",
    summary_zh: "观测点 guangzhou-cm 自身断网，其余一切正常。",
    evidence: [], candidates: [], apps: [], acquitted: ["checkout", "search"],
  },
  {
    id: "i-20251122-0001", state: "closed", grade: "insufficient", stage: "tls", cause: "reset",
    since_ms: base_ms - 190_000_000, opened_ms: base_ms - 189_900_000, updated_ms: base_ms - 189_800_000,
    closed_ms: base_ms - 189_800_000,
    summary_en: "Storefront was reset during TLS from two vantages for three rounds.",
    summary_zh: "storefront 有三轮在两个观测点的 TLS 阶段被重置。",
    evidence: [], candidates: [{ key: "path:cm/nimbus", confidence: 0.5 }], apps: ["storefront"], acquitted: [],
  },
];
