// Waybill's API as TypeScript: the schemas of /api/openapi.json, made from it.

export interface Relay {
  /** The relay's own key: a copy of a message to it needs no delegated key. */
  pubkey: string;
  /** The addresses that the relay is known by (WebSocket); a NIP-98 token's u tag begins with one of them, as http or https. */
  urls: string[];
  /** Who may enrol. */
  policy?: "open" | "invite" | "list";
  /** The ways to take part, the safest first. */
  ways?: Way[];
}

/** One way to take part, and what it gives away. */
export interface Way {
  id: string;
  title: string;
}

export interface Delegation {
  /** Of the key. */
  pubkey: string;
  /** Whose inbox it opens. */
  owner: string;
  way: "encryption-key" | "remote-signer" | "identity-key";
  state: "open" | "retired" | "locked" | "connecting" | "online" | "offline" | "approval" | "denied";
  /** Opens what arrived then or later. Absent: everything. */
  since?: string;
  /** Absent: it stands in the relay's configuration. */
  addedAt?: string;
  /** Another key was announced then. */
  retiredAt?: string;
  /** Messages in the owner's inbox that are not opened yet. */
  waiting: number;
}

export interface Offer {
  /** nsec, ncryptsec or 64 hex digits. */
  secret?: string;
  /** Of an ncryptsec. */
  passphrase?: string;
  /** URL of a remote signer (NIP-46). */
  bunker?: string;
  announcement?: Event;
  /** Open only what arrived then or later: a time (RFC 3339), or a date for its beginning in UTC. Absent: everything. */
  since?: string;
  /** The code that the operator gave, where the policy is `invite`. */
  invite?: string;
}

/** A signed Nostr event: the caller's kind 10044 that names the key, where the relay does not have it. */
export interface Event {
  id: string;
  pubkey: string;
  created_at: number;
  kind: number;
  tags: string[][];
  content: string;
  sig: string;
}

export interface Problem {
  /** A page that says what the code means. */
  type: string;
  title: string;
  status: number;
  detail: string;
  /** The path that was asked for. */
  instance: string;
  code: string;
  /** Of `unauthenticated`: what is wrong with the token. Of a message: a code for what is wrong with it. */
  reason?: string;
  /** The member of the body that is meant. */
  field?: string;
  /** The parameter that is meant. */
  parameter?: string;
  /** The order's status. */
  from?: string;
  /** What the message says. */
  requested?: string;
  /** What the caller is to the order. */
  actor_role?: string;
  /** The order's version. */
  version?: number;
  /** What the caller may say of the order as it stands. */
  allowedActions?: Verb[];
  /** The same as allowedActions. */
  allowed_actions?: Verb[];
  /** The message stands in the order's history, without effect. */
  kept?: boolean;
}

/** Where an order stands. */
export type Status = "intent-sent" | "payment-requested" | "paid" | "processing" | "shipped" | "delivered" | "cancelled" | "disputed";

/** Where the money stands: claimed is the buyer's word, confirmed the seller's, or a proof. */
export type Payment = "none" | "requested" | "claimed" | "confirmed" | "refund-due" | "refunded";

/** What a message says about an order. */
export type Verb = "intent" | "request" | "paid" | "confirm" | "process" | "shipped" | "delivered" | "cancel" | "dispute" | "resolved" | "refunded" | "address" | "note" | "exception";

/** A private part of a message: the name of a member of what its box holds (Private). */
export type Field = "content" | "shippingAddress" | "contact" | "paymentLink" | "note" | "reason" | "resolution" | "reference" | "proof";

/** bound: signed by the party's own key. unbound: by a throw-away key. */
export type Trust = "bound" | "unbound";

/** How a dispute ended. */
export type Outcome = "delivered" | "cancelled" | "resume";

/** An amount of a currency that is not worth a fixed number of sats. */
export interface Money {
  /** Exact, as the message had it. */
  amount: number;
  /** Its code, upper case. */
  currency: string;
}

/** One line of an order. */
export interface Product {
  /** The shop's own id. */
  productId: string;
  /** Its name. */
  title: string;
  quantity: number;
  /** In currency, as the message had it. */
  pricePerUnit?: number;
  /** In currency. */
  subtotal?: number;
  /** SATS, or the code of another. */
  currency?: string;
  /** As a client named it: do not load it unasked. */
  imageUrl?: string;
}

/** Where a private value is: field of what the box of fact holds. */
export interface Sealed {
  /** Of the message: a key of boxes. */
  fact: string;
  field: Field;
}

/** One parcel. */
export interface Shipment {
  /** Who carries it. */
  carrier?: string;
  /** The carrier's number. */
  trackingNumber?: string;
  /** When it was sent (ms). */
  shippedTimestamp: number;
  /** When it is to arrive (ms). */
  estimatedDelivery?: number;
  /** Of the message that told of it. */
  fact: string;
}

/** Something a human should look at. */
export interface OrderException {
  /** What it is: see the README. */
  code: string;
  /** Of the message it comes from. */
  fact?: string;
  /** When (ms). */
  at?: number;
}

/** One message in the order's history, counted or refused. */
export interface TimelineEntry {
  /** The message's id, with #n behind it for the n-th further statement in it. */
  fact: string;
  verb: Verb;
  /** Public key of who said it; empty where that is not known. */
  sender: string;
  /** The sender's: buyer, seller, admin or node. Absent for a stranger. */
  role?: string;
  /** The time shown: the sender's clock, never later than ten minutes after arrival (ms). */
  at: number;
  /** When it arrived here (ms). */
  receivedAt: number;
  /** Whether it counts. */
  ok: boolean;
  /** Why it does not count. */
  reason?: "not-a-participant" | "wrong-role" | "unbound-sender" | "duplicate-id" | "illegal-transition" | "over-limit";
  trust: Trust;
  /** The client's way of writing. */
  dialect: string;
  /** The ways it came. */
  transports: ("wrap" | "public" | "api")[];
  /** What is in its box. */
  carries?: Field[];
  /** What was odd about it. */
  flags?: string[];
  /** What it says (sats). */
  amount?: number;
  fiat?: Money;
  /** lightning, bitcoin, ecash, fiat … */
  medium?: string;
  /** Of an ecash payment. */
  mint?: string;
  /** Public key of whom a payment goes to, where that is neither party. */
  payee?: string;
  /** Of a parcel. */
  tracking?: string;
  /** Of a parcel. */
  carrier?: string;
  outcome?: Outcome;
  /** The client's own word for a status. */
  code?: string;
}

/** What only its readers can open: nip44.decrypt(sealedBy, for[you]) is Private as JSON. */
export interface Box {
  /** The sealing key. */
  sealedBy: string;
  /** The reader's public key (hex) → NIP-44 payload. Yours only. */
  for: Record<string, string>;
}

/** What a box holds. The API never sees it. */
export interface Private {
  /** The message as its author wrote it. */
  content?: string;
  /** One or several lines. */
  shippingAddress?: string;
  contact?: Record<string, string>;
  /** Invoice, address, LNURL or URL. */
  paymentLink?: string;
  /** Free text. */
  note?: string;
  /** Of a cancellation or a dispute. */
  reason?: string;
  /** Of a ruling. */
  resolution?: string;
  /** Of a receipt. */
  reference?: string;
  /** Preimage, ecash token or transaction id: bearer money. */
  proof?: string;
  /** The signed seal. */
  seal?: string;
}

/** The state of one order. Times are milliseconds since 1970, amounts sats. Private values are sealed: see Sealed and Box. */
export interface Order {
  /** The order's id. */
  intentId: string;
  /** The client's own id, escaped. */
  orderId: string;
  /** Of the intent that stands. Absent: none has come yet. */
  eventId?: string;
  /** Hex; empty where that is not known yet. */
  buyerPubkey: string;
  /** The same as npub. */
  buyerNpub: string;
  /** Hex; empty where that is not known yet. */
  sellerPubkey: string;
  /** The same as npub. */
  sellerNpub: string;
  /** What is bought. */
  products: Product[] | null;
  /** The goods (sats). */
  totalSats: number;
  /** The shipping (sats). */
  shippingQuote?: number;
  /** Both (sats). */
  grandTotal: number;
  fiatTotal?: Money;
  status: Status;
  /** When it began (ms). */
  createdTimestamp: number;
  /** When what counts was last said (ms). */
  updatedTimestamp: number;
  paymentLink?: Sealed;
  /** When payment was asked for (ms). */
  paymentRequestedTimestamp?: number;
  /** The buyer's mark that it is paid (ms). */
  paymentConfirmedTimestamp?: number;
  shippingAddress?: Sealed;
  contact?: Sealed;
  /** When the first parcel was sent (ms). */
  shippingTimestamp?: number;
  /** Of the latest parcel. */
  trackingNumber?: string;
  /** Of the latest parcel. */
  carrier?: string;
  /** When it is to arrive (ms). */
  estimatedDeliveryDate?: number;
  /** When it arrived (ms). */
  actualDeliveryTimestamp?: number;
  /** Of the two parties: 32 hex digits. */
  messageThreadId: string;
  buyerNotes?: Sealed;
  sellerNotes?: Sealed;
  disputeReason?: Sealed;
  /** When it was first disputed (ms). */
  disputeTimestamp?: number;
  disputeResolution?: Sealed;
  payment: Payment;
  /** The seller's word, or proof (ms). */
  paymentVerifiedTimestamp?: number;
  /** Until when the payment link is good (ms). */
  paymentExpiry?: number;
  /** What was given back (sats). */
  refundedSats?: number;
  shipments?: Shipment[];
  exceptions?: OrderException[];
  cancelReason?: Sealed;
  /** Public key. */
  cancelledBy?: string;
  /** Public key, of the first dispute. */
  disputedBy?: string;
  disputeOutcome?: Outcome;
  /** Of the intent. */
  dialect: string;
  trust: Trust;
  /** The same in all orders of one cart. */
  checkoutId?: string;
  /** As chosen. */
  shippingOption?: string;
  /** No intent has come yet. */
  stub?: boolean;
  /** Looks like spam. */
  held?: boolean;
  /** Rises with every message that bears on the order. */
  version: number;
  /** Its history. */
  timeline: TimelineEntry[] | null;
  /** Messages that the timeline does not show. */
  omitted?: number;
  /** By TimelineEntry.fact, those sealed to the viewer. Of one order and in exports, not in lists. */
  boxes?: Record<string, Box>;
  /** What the viewer may say now. */
  allowedActions?: Verb[];
}

/** One page of orders. */
export interface OrderList {
  data: Order[];
  /** For the next page. Absent on the last one. A page may be short, or empty, and still have one. */
  next_cursor?: string;
  /** With include=total. null: not known without looking at every order. */
  total?: number | null;
}

/** The caller's copy of a box. */
export interface OwnBox {
  /** The sealing key. */
  sealedBy: string;
  /** nip44.decrypt(sealedBy, payload) is Private as JSON. */
  payload: string;
}

/** One message about an order, with its box for the caller. */
export interface OrderMessage {
  /** The message's id, with #n behind it for the n-th further statement in it. */
  fact: string;
  verb: Verb;
  /** Public key of who said it; empty where that is not known. */
  sender: string;
  /** The sender's: buyer, seller, admin or node. Absent for a stranger. */
  role?: string;
  /** The time shown: the sender's clock, never later than ten minutes after arrival (ms). */
  at: number;
  /** When it arrived here (ms). */
  receivedAt: number;
  /** Whether it counts. */
  ok: boolean;
  /** Why it does not count. */
  reason?: "not-a-participant" | "wrong-role" | "unbound-sender" | "duplicate-id" | "illegal-transition" | "over-limit";
  trust: Trust;
  /** The client's way of writing. */
  dialect: string;
  /** The ways it came. */
  transports: ("wrap" | "public" | "api")[];
  /** What is in its box. */
  carries?: Field[];
  /** What was odd about it. */
  flags?: string[];
  /** What it says (sats). */
  amount?: number;
  fiat?: Money;
  /** lightning, bitcoin, ecash, fiat … */
  medium?: string;
  /** Of an ecash payment. */
  mint?: string;
  /** Public key of whom a payment goes to, where that is neither party. */
  payee?: string;
  /** Of a parcel. */
  tracking?: string;
  /** Of a parcel. */
  carrier?: string;
  outcome?: Outcome;
  /** The client's own word for a status. */
  code?: string;
  box?: OwnBox;
}

/** What orders add up to. */
export interface OrderStats {
  totalOrders: number;
  ordersByStatus: Record<string, number>;
  /** As seller: payment confirmed and not refunded (sats). */
  totalRevenue: number;
  /** As buyer: payment claimed or confirmed (sats). */
  totalSpent: number;
  /** That sum by its orders (sats). */
  averageOrderValue: number;
  completedOrders: number;
  cancelledOrders: number;
  disputedOrders: number;
}

/** Statistics of the orders that began in it. */
export interface Period {
  /** Its beginning (ms). */
  since: number;
  /** The first moment after it (ms). */
  until: number;
  stats: OrderStats;
}

/** How long orders stay in each status. */
export interface Durations {
  /** How many were looked at. */
  orders: number;
  /** They are all; else the newest. */
  all: boolean;
  byStatus: Record<string, {
    /** That have left the status. */
    orders: number;
    averageMs: number;
  }>;
}

export interface StatsAnswer {
  as: "buyer" | "seller";
  /** As asked for (ms). */
  since?: number;
  /** As asked for (ms). */
  until?: number;
  stats: OrderStats;
  periods?: Period[];
  durations?: Durations;
}

/** What became of one message. */
export interface Explained {
  copies: ({
    /** As the log names it. */
    name: string;
    /** The event it came in. */
    event: string;
    /** The message in it. */
    message?: string;
    /** Whose inbox it is. */
    recipient: string;
    /** When it arrived (ms). */
    receivedAt: number;
    /** new, opened, waiting, unreadable. */
    state: string;
    /** Why it is unreadable. */
    reason?: string;
    /** Why the event is not here any more. */
    gone?: string;
    /** How it is read, step by step, as `waybill explain` tells it; where its event is gone, what was read in it before. What is private is named, not shown. */
    explanation: Record<string, unknown>;
  })[];
}

/** A signed Nostr event of kind 16 or 17. */
export interface Message {
  id: string;
  pubkey: string;
  created_at: number;
  kind: 16 | 17;
  tags: string[][];
  content: string;
  sig: string;
}

/** Who is signed in. The times are a session's. */
export interface Session {
  pubkey: string;
  npub: string;
  createdAt?: string;
  /** When it is over, if it is not used. */
  idleUntil?: string;
  /** When it is over, used or not. */
  expiresAt?: string;
}

/** The data of an event `order` or, with the id alone, `gone`. */
export interface Change {
  intentId: string;
  status?: Status;
  payment?: string;
  version?: number;
  /** Milliseconds. */
  updatedTimestamp?: number;
  /** What was said. */
  changed: Verb[];
}

export interface Preview {
  dry_run: boolean;
  action: Verb;
  /** intentIds. */
  ids?: string[];
  /** The query of a list of orders, with a string or a list of strings for each key. The first 200 are looked at; more says that there are others. */
  filter?: Record<string, >;
}

export interface Many {
  /** In the order of what was sent. */
  data: ({
    intentId?: string;
    /** The message's id. */
    event?: string;
    ok: boolean;
    /** The message was here before. */
    replayed?: boolean;
    status?: Status;
    version?: number;
    problem?: Problem;
  })[];
  /** How many are. */
  ok: number;
  refused: number;
  /** Of a dry_run: the filter means other orders besides these. */
  more?: boolean;
  /** Why, the most frequent reason first. */
  because: ({
    code: string;
    from?: Status;
    count: number;
  })[];
}

/** What a notice tells. */
export type NoticeEvent = "order.created" | "order.payment_requested" | "order.paid" | "order.payment_confirmed" | "order.processing" | "order.shipped" | "order.delivered" | "order.cancelled" | "order.disputed" | "order.resolved" | "order.refunded" | "order.address_changed" | "order.exception";

/** What a participant says about notices. */
export interface NoticeChoice {
  /** Direct messages. default: for who takes part here. */
  dm: "on" | "off" | "default";
  /** Events, or patterns such as order.*; empty: all. */
  events: string[];
  /** Nothing goes out by direct message or e-mail before it: a time (RFC 3339), or a date for its beginning in UTC. Absent, or over: not muted. */
  mutedUntil?: string;
}

/** How a participant is told. */
export interface NoticeSettings {
  /** Direct messages. default: for who takes part here. */
  dm: "on" | "off" | "default";
  /** Events, or patterns such as order.*; empty: all. */
  events: string[];
  /** Absent: not muted. */
  mutedUntil?: string;
  /** Where notices go by e-mail. */
  email?: string;
  /** Waits for its code. */
  pendingEmail?: string;
}

/** Where notices are to go. */
export interface EmailAddress {
  /** Without a name. */
  address: string;
}

/** The code that was sent to an address. */
export interface EmailCode {
  code: string;
}

/** One thing that the caller was told, by one way. */
export interface Notice {
  id: number;
  /** intentId of the order. */
  orderId: string;
  event: NoticeEvent;
  channel: "dm" | "email" | "webhook";
  /** Id of the webhook. */
  webhook?: string;
  /** URL of the relay elsewhere that the direct message goes to; absent: into the inbox here. */
  relay?: string;
  /** due: it is to be sent; dropped: nobody wanted it any more, or there were too many. */
  state: "due" | "sent" | "failed" | "dropped";
  /** A code: why it failed or was dropped, or the last try did. */
  reason?: string;
  /** How often it was tried. */
  attempts: number;
  /** When it was decided. */
  created: string;
  /** Of one that is due: not before. */
  next?: string;
  /** When it was sent, failed or was dropped. */
  settled?: string;
}

/** Notices, the newest first. */
export interface NoticeList {
  data: Notice[];
  /** The `before` of what is older. Absent: there is nothing. */
  next_before?: number;
}

/** Where notices are to be posted. */
export interface NewWebhook {
  /** https://, without a user and a fragment. */
  url: string;
  /** Events, or patterns such as order.*; empty: all. */
  events?: string[];
}

/** A webhook of the caller's. */
export interface Webhook {
  id: string;
  url: string;
  /** Events, or patterns such as order.*; empty: all. */
  events: string[];
  created: string;
  /** Why nothing is posted: gone (it answered 410), or failures. Absent: it is. */
  disabled?: string;
}

/** A webhook with its secret, which is not shown again. */
export interface WebhookWithSecret {
  id: string;
  url: string;
  /** Events, or patterns such as order.*; empty: all. */
  events: string[];
  created: string;
  /** Why nothing is posted: gone (it answered 410), or failures. Absent: it is. */
  disabled?: string;
  /** whsec_ and base64 (Standard Webhooks). */
  secret: string;
}

/** One try to post to a webhook. */
export interface Delivery {
  id: number;
  /** Id of the notice. */
  notice: number;
  at: string;
  /** How long it took (ms). */
  tookMs: number;
  /** HTTP's. Absent: there was no answer. */
  status?: number;
  /** A code; absent: it was taken. */
  error?: string;
  /** Somebody has asked for it. */
  again: boolean;
}

/** Deliveries, the newest first. */
export interface DeliveryList {
  data: Delivery[];
  /** The `before` of what is older. Absent: there is nothing. */
  next_before?: number;
}
