package api

// said is what the document says of a name: in words, and by an example.
type said struct {
	text    string
	example any
}

// operationWords describe operations beyond their summary. {subjects} stands for every plural of the routes, {parked}
// for every list of deliveries kept off the timelines.
var operationWords = map[string]string{
	"GET /":        "The paths to go on with, for people and scripts that know only the address. Needs no key.",
	"GET /healthz": "Answers as long as the process lives, and asks nothing of the database: a restart would not help it. Needs no key.",
	"GET /readyz":  "Asks the database for a write that it takes back. Send webhooks here only while this answers 200. Needs no key.",
	"GET /problems": "Every word that a problem's code can be, with what happened and what to do. A page for browsers, JSON for " +
		"everybody else. Needs no key.",
	"GET /problems/{code}": "A problem's type leads here. A page for browsers, JSON for everybody else. Needs no key.",
	"GET /{subjects}/{id}": "The states of its regions, its phase and its attributes, without the events that led there. " +
		"Gifts cover Snappy's gifts and Sendoso's sends. With as_of or known_at it is told as it was then.",
	"GET /{subjects}/{id}/timeline": "Every event in canonical order (the provider's time, then its place in the lifecycle), whatever " +
		"order the webhooks came in: each with its verdict and the states before and after. The same events give the same answer, " +
		"byte by byte, on any replica; only received tells of arrival. Pages hold 500 entries, the oldest first.",
	"GET /{subjects}/{id}/transitions": "The entries of the timeline that changed a state: verdict moved or gap. A page may hold none " +
		"and still have a next.",
	"GET /{subjects}/{id}/illegal-transitions": "The entries of the timeline that could not be true as the table stands, each with its " +
		"reason. They changed no state. An entry leaves this list when a late event explains it; history=1 shows those too.",
	"GET /illegal-transitions": "The illegal entries of all timelines, newest first. It holds what is illegal now: an entry leaves " +
		"when a late event explains it.",
	"GET /{parked}": "Newest first. A delivery is unresolved when its type, kind or subject is not known, quarantined when it cannot be " +
		"read, and a conflict when it says something else under the identity of a recorded event. Nothing authentic is dropped: what " +
		"is parked here was answered 200, and leaves the list when it is settled.",
	"GET /{parked}/{id}": "With the bytes exactly as they were signed: as text where they are UTF-8, else in base64.",
	"POST /{parked}/{id}/retry": "Reads the delivery again, as this version understands it, with what the body adds: its type or what " +
		"it is about; {} adds nothing. Conflicts take no additions. The answer is a webhook's answer.",
	"GET /sources": "Every webhook endpoint, configured or not: the URL to paste at the provider, what came of its deliveries, why one " +
		"was last refused, and the next step towards a source that works.",
	"GET /machines": "The machines by name: one for each kind at a provider. Their tables decide every verdict.",
	"GET /machines/{name}": "The states of each region in lifecycle order, where they may come from and what they mean. With .mmd behind " +
		"the name the answer is a diagram in Mermaid's language.",
	"GET /{subjects}": "Every subject that fits all the filters, the last updated first. A filter given several times fits any of its " +
		"values. Pages are held by cursors: nothing is missed or repeated while others arrive. The list follows webhooks within seconds.",
	"GET /{subjects}/{id}/explain": "What decided each region's state, which events moved nothing and why, what was probably not reported, " +
		"what may come next and by when: as data, and in text as a support person reads it. With Accept: text/plain the text is all.",
	"GET /{subjects}/{id}/labels": "What people have said of the subject: its reference, free labels and its end. Labels stand apart from " +
		"what the events tell, and move nothing.",
	"PUT /{subjects}/{id}/labels": "Replaces what was said before. A reference joins the subject to others of the same reference, and goes " +
		"before the one its events tell; expires_at sets a deadline. {} removes everything.",
	"GET /references/{reference}": "The subjects that share a reference, over all providers: of their labels where they name one, else of their events.",
	"GET /references/{reference}/timeline": "The timelines of the subjects that share a reference, woven into one order by time. Each entry " +
		"names its subject and its lane.",
	"GET /events": "Recorded events over all subjects, in the order in which they were recorded: for a view of what happens, and for a copy " +
		"elsewhere that is kept up to date. Ascending, the last cursor can be kept and asked again later, and nothing is missed.",
	"GET /events/{id}": "The entry as it stands on its timeline now, with the subject it belongs to.",
	"GET /events/{id}/body": "Byte for byte, compared with the digest that was taken when they came. Takes the scope raw, because masking " +
		"cannot reach into them.",
	"GET /stream": "Server-sent events: each recorded event and each changed verdict, on whatever replica it happened. After a break, " +
		"Last-Event-ID goes on without a hole. After 15 seconds of silence a comment line says that the stream lives. A browser's " +
		"EventSource cannot send Authorization: ask with fetch, and read the body as it comes.",
	"GET /keys":         "Every key without its secret, the newest first; revoked and expired ones too.",
	"POST /keys":        "The key in the answer is shown only now: only a hash of it is kept. It may do nothing that the key which makes it may not.",
	"GET /keys/{id}":    "What the key may do, whose rows it reaches and when it was last used.",
	"DELETE /keys/{id}": "It opens nothing from now on: here at once, on other replicas within a second. It stays on the list.",
	"GET /stats/phases": "How many subjects stand in each phase and state now, how many have an illegal transition and how many are stuck. " +
		"A count that failed is null, never 0.",
	"GET /stats/funnel": "Of the subjects whose first event lies in the days asked for: how many ever came to each state of the machine. " +
		"A count that failed is null, never 0.",
	"GET /stats/dwell": "For each state of the machine: how long finished stays took, and who stands in it now. A count that failed is null, never 0.",
	"GET /stats/events": "Recorded events by the time they were received, as one series or by provider, source, type or verdict, with the span " +
		"before to compare. A count that failed is null, never 0.",
	"GET /stats/ingest": "What became of every delivery, by source. Recorded, duplicate, conflict, unresolved and quarantined add up to received; " +
		"rejected ones never became deliveries. A count that failed is null, never 0.",

	"GET /alerts": "The last updated first. An alert is one episode: a gift that is stuck is one alert, however often it is looked at, and is " +
		"resolved by itself when the gift moves. at is the deadline itself, whenever it was noticed. What a late webhook shows never " +
		"to have been true is withdrawn.",
	"GET /alerts/{id}":              "With every step of its life: who did what and when.",
	"POST /alerts/{id}/acknowledge": "Somebody looks after it: it is not told of again while it stands. Asking twice changes nothing." + overWords,
	"POST /alerts/{id}/snooze":      "Nothing is told of it until it wakes: at a time, when its subject moves, or whichever comes first." + overWords,
	"POST /alerts/{id}/resolve":     "It counts as over until its subject comes to the same place again." + overWords,
	"POST /alerts/{id}/reopen":      "Takes an acknowledgement, a snooze or a resolution back." + overWords,
	"POST /alerts/acknowledge":      "Somebody looks after them." + bulkWords,
	"POST /alerts/snooze":           "Nothing is told of them until they wake." + bulkWords,
	"POST /alerts/resolve":          "They count as over." + bulkWords,
	"GET /{subjects}/{id}/alerts":   "Everything that was raised about the subject, with every step of each alert's life.",
	"GET /stuck": "Subjects whose first deadline has passed while we could hear, the longest stuck first: the limit of a state, or a date of " +
		"expiry. Deadlines are later by as long as nothing could be heard, see /outages.",
	"GET /expiring": "Subjects that are still open and whose last moment lies in the time asked for, the next one first. The last moment is " +
		"the expires_at of the labels, else what the configuration or the provider's limit says.",
	"GET /outages": "While nothing could be heard, of one source or of all, no deadline runs: not until what was missed has had its chance " +
		"to come again. So an outage of ours raises no alerts about gifts.",
	"GET /notifications": "Every message that was made, and with status=suppressed what was never told and why. A key that is limited to some " +
		"sources sees those that tell of nothing else.",
	"GET /notifications/{id}":         "With the alerts that it tells of, or the transition.",
	"POST /notifications/{id}/resend": "It is tried again, with the same id. Takes a notification whose status is dead.",
	"GET /channels": "Their kinds and how they do. Where they lead is not shown, because the address of a channel is often its secret. A key that " +
		"is limited to some sources sees none.",
	"POST /channels/{name}/test":   "Sends it a message at once, past everything that waits. Whether it took it is in the answer.",
	"POST /channels/{name}/enable": "A channel is disabled when its receiver answers 410. What it was not told meanwhile stays suppressed.",

	"POST /webhooks/{source}":              webhookWords,
	"POST /webhooks/{source}/{event_type}": webhookWords,
}

// bodyExamples are bodies to paste, where one made of all fields would not be taken.
var bodyExamples = map[string]any{
	"POST /keys":                  map[string]any{"name": "dashboard", "scopes": []string{"read"}, "sources": []string{"snappy"}, "expires_in": "90d"},
	"POST /unresolved/{id}/retry": map[string]any{"event_type": "send.shipped"},
	"POST /quarantine/{id}/retry": map[string]any{},
	"POST /conflicts/{id}/retry":  map[string]any{},

	"POST /alerts/{id}/acknowledge": map[string]any{"note": "asked the carrier"},
	"POST /alerts/{id}/snooze":      map[string]any{"until": "2099-03-19T09:00:00Z", "until_moves": true},
	"POST /alerts/{id}/resolve":     map[string]any{},
	"POST /alerts/{id}/reopen":      map[string]any{},
	"POST /alerts/acknowledge":      map[string]any{"rule": []string{"stuck"}, "company_id": []string{"com_12345"}, "confirm": 12},
	"POST /alerts/snooze":           map[string]any{"rule": []string{"stuck"}, "until": "2099-03-19T09:00:00Z", "confirm": 12},
	"POST /alerts/resolve":          map[string]any{"severity": []string{"info"}},

	"POST /webhooks/{source}": map[string]any{
		"webhookData": map[string]any{"id": "wh_12345", "eventType": "gift-status-changed", "triggeredAt": "2025-01-15T14:44:00Z"},
		"eventData":   map[string]any{"giftId": "gft_12345", "status": "claimed"},
	},
	"POST /webhooks/{source}/{event_type}": map[string]any{"send_gid": "Z2lkOi8vc2VuZG9zby9TZW5kLzQ0", "status_changed_at": "2025-01-15T14:44:00Z"},
}

const (
	overWords = " With the status that it leads to, the alert is answered as it stands; with one that it does not lead out of, 409 alert_over."
	bulkWords = " Without confirm it only counts the alerts that the filters choose and that this would change. Send the same again with that " +
		"number in confirm to do it; if it is another number by then, 409 count_changed. At most 10,000 at once."
)

const webhookWords = "Verified by the scheme of its source: svix and svix-raw by the headers svix-id, svix-timestamp and " +
	"svix-signature, or the same with webhook- for svix-; token by a shared secret; hmac by the header that the source names. " +
	"200 says that the delivery is on disk, whatever became of it; after 503 it is to be sent again."

// parameterWords describe parameters that have no words at their type, and give examples.
var parameterWords = map[string]said{
	"id":         {"Its id, as lists and answers show it.", nil},
	"limit":      {"How many to answer at most.", 100},
	"source":     {"The source's name, as GET /sources shows it.", "snappy"},
	"event_type": {"The event's type, for senders whose bodies carry none. For Sendoso.", "send.shipped"},
	"code":       {"", "not_found"},
	"as_of":      {"", "2025-01-15T14:44:00Z"},
	"known_at":   {"", "2025-01-15T14:45:00Z"},
}
