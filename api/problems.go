package api

import (
	"maps"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"giftline/api/webhooks"
	"giftline/domain"
)

// problemPath is what a problem's type begins with; its code is the rest.
const problemPath = "/problems/"

// problemPage is what is said of every problem with a code. The detail of one problem says more.
type problemPage struct {
	Status int   // that it is usually answered with
	Also   []int // and elsewhere; beside 503, which tells the sender of a webhook to come again
	Title  string
	What   string // what happened
	Do     string // what to do next
}

// problemPages are the only codes that problems have: domain's, this package's, and the reasons of refused webhooks.
// They are the one place where the domain's codes become HTTP.
var problemPages = map[string]problemPage{
	string(domain.CodeInvalid): {422, []int{400}, "The request does not fit",
		"A parameter or the body is unknown, malformed, given twice or out of bounds; with 400 the body is not JSON at all. Nothing was changed.",
		"Read errors: each names a place and what was expected there. Unknown query parameters count as wrong, so that a misspelt filter is not taken for none."},
	string(domain.CodeNotFound): {404, nil, "There is no such thing",
		"Nothing with this id is known, or the key does not reach it: both are answered alike.",
		"Check the id and that it is escaped as %XX in the path. Nothing is known of a gift, send or e-mail before its first webhook: GET /sources says what arrives."},
	string(domain.CodeNotFoundAt): {404, nil, "There was nothing yet",
		"The subject is known, but none of its events lies at or before as_of, or had joined by known_at.",
		"Ask for a later moment, or leave as_of and known_at out to see it as it is now."},
	string(domain.CodeAmbiguous): {409, nil, "The id is known at several providers",
		"Two providers use this id for different things.",
		"Ask again with ?provider= and one of the names in providers."},
	string(domain.CodeBusy): {503, nil, "Too much at once",
		"The queue before the database is full, or the database did not answer in time. Nothing was recorded.",
		"Ask again after the seconds in Retry-After. Providers do so by themselves."},
	string(domain.CodeReset): {410, nil, "The position is no longer kept",
		"The cursor or position is from another database, from before a restore, or older than what is kept.",
		"Drop what was read so far and begin without a position."},
	string(domain.CodeLost): {409, nil, "Somebody else has it now",
		"The claim on this piece of work ended before it was done, and another may hold it.",
		"Look at it again: it may be done already. If not, repeat the request."},
	string(domain.CodeNewerMachine): {503, nil, "A newer version has been here",
		"A newer version of Giftline has folded this subject by its own transition table, and this one must not overwrite it.",
		"Upgrade this replica. Requests that reach a newer one succeed."},
	string(domain.CodeNewerStore): {503, nil, "The database is newer than the program",
		"A newer version of Giftline has migrated the database.",
		"Upgrade this replica; do not go back to an older version on the same database."},
	string(domain.CodeNoStore): {503, nil, "There is no database to work with",
		"The database cannot be opened, read or written: its disk may be full or read-only, or its server away.",
		"Look at the log and at the disk or server. Webhooks are not lost: providers send them again."},
	string(domain.CodeDamaged): {500, nil, "Stored bytes are damaged",
		"What the database holds does not match its own digest, so it is not shown.",
		"Run giftline verify to see what is damaged. giftline rebuild mends what follows from events; anything else comes from a backup."},
	codeInternal: {500, nil, "Internal error",
		"Something failed that no caller can mend. The cause is in the log only.",
		"Find request_id in the log. Asking again is harmless, and may succeed."},
	codeNoRoute: {404, nil, "There is nothing at this path",
		"No route has this path. Paths tell upper from lower case, and a / at the end counts.",
		"Look the path up in /docs or /openapi.json. Escape ids as %XX where they hold / or %."},
	codeNoMethod: {405, nil, "This path takes other methods",
		"The path exists, but not with this method.",
		"The Allow header lists the methods that it takes."},
	codeKey: {401, nil, "A key is needed",
		"The request has no API key, or one that is unknown, revoked or expired: all are answered alike.",
		"Send Authorization: Bearer and the key. The first start prints one; giftline keys create makes more."},
	"forbidden": {403, nil, "The key may not do this",
		"The key is known, but lacks the scope or the grant that this takes.",
		"Use a key that has it: detail names what is missing. A key with the scope admin makes keys at POST /keys."},
	"rate_limited": {429, nil, "Too many requests",
		"The key has sent more requests a second than it may.",
		"Wait as long as Retry-After says. Webhooks are never limited so."},
	"too_many_streams": {429, nil, "Too many live streams",
		"As many streams run as this key, or this server, may have.",
		"Close one, or choose with one what several tell."},
	codeAlertOver: {409, nil, "The alert is over",
		"The alert is in a status that this step does not lead out of, such as resolved. Nothing was changed.",
		"Look at the alert. If it still matters, reopen it first."},
	codeCountChanged: {409, nil, "There are more or fewer alerts now",
		"The number that was confirmed is not how many alerts the filters choose now. Nothing was changed.",
		"Ask without confirm, look at what it counts, and confirm that number."},
	"erased": {410, nil, "The bytes are erased",
		"What the provider sent is not kept any more. What was read of it still stands on its timeline.",
		"Nothing brings it back but a backup."},
	"idempotency_key_reused": {422, nil, "The Idempotency-Key came with another request",
		"A request with this key was answered before, and it was not this one. Nothing was done.",
		"Make a new key for each thing that is to be done once."},
	"in_progress": {409, nil, "The first request is still running",
		"A request with this Idempotency-Key has not been answered yet.",
		"Send it again in a moment: it is then answered what the first one was."},
	codeSource: {404, nil, "No source at this path",
		"No webhook source of this name is configured, so nothing sent here is taken.",
		"GET /sources lists the URLs to paste at the providers."},
	codeTooLarge: {413, nil, "The body is too large",
		"A webhook may weigh 1 MiB, other requests 64 KiB. Nothing was recorded.",
		"Send less."},
	codeEncoding: {415, nil, "The body is compressed",
		"The webhook has a Content-Encoding, but its signature is made over the plain bytes.",
		"Send the body as it was signed. Switch off whatever compresses it on its way here."},
	codeMediaType: {415, nil, "The body has another media type",
		"The body is not sent as JSON.",
		"Send it with Content-Type: application/json."},
	codeBroken: {400, nil, "The body broke off",
		"The connection ended, or the body was malformed, before all of it had come. Nothing was recorded.",
		"Send it again."},
	codeTimeout: {503, []int{408}, "It took too long",
		"With 408 the body came too slowly; with 503 the answer could not be made in time.",
		"Ask again, for less at once if there is a limit to lower."},
	codeGone: {statusClientGone, nil, "The client went away",
		"The connection ended before the answer. Only the log ever shows this.",
		"Wait longer for answers, if this is your client."},
	string(webhooks.RefusedNoSecret): {401, nil, "The source has no secret",
		"The webhook source is closed: without a secret nothing can be verified, and what is not verified is not taken.",
		"Set the secret that the log and next_step in GET /sources name, and start again."},
	string(webhooks.RefusedUnsigned): {401, nil, "The webhook is not signed",
		"A header that the source's scheme needs is missing: the signature, its id or its timestamp, or the token.",
		"Compare the scheme of the source (GET /sources) with what the provider sends, and see that nothing on the way drops headers."},
	string(webhooks.RefusedMalformed): {401, nil, "The signature's headers are malformed",
		"The headers are there, but cannot be read as the source's scheme writes them.",
		"Compare the scheme of the source (GET /sources) with what the provider sends."},
	string(webhooks.RefusedSignature): {401, nil, "The signature does not fit",
		"None of the source's secrets made this signature or is this token.",
		"Compare the secret with the provider's, and see that nothing on the way changes the body."},
	string(webhooks.RefusedStale): {401, nil, "Signed too long ago",
		"The signature is right, but its time lies more than five minutes back.",
		"Check this machine's clock. If it is right, have the provider send the webhook again."},
	string(webhooks.RefusedFuture): {401, nil, "Signed in the future",
		"The signature is right, but its time lies more than five minutes ahead of this machine's clock.",
		"Check this machine's clock."},
	string(webhooks.RefusedType): {401, nil, "The secret signs another type",
		"The secret is bound to one event type, and the path names another.",
		"Correct the URL at the provider, or the type that the secret is bound to."},
}

// ProblemPage explains a code to the people who meet it.
type ProblemPage struct {
	Code   string `json:"code" doc:"The stable word in a problem's code, and the end of its type." example:"not_found"`
	Type   string `json:"type" doc:"A problem's type: the path of this page." example:"/problems/not_found"`
	Status int    `json:"status" doc:"The HTTP status that it usually comes with." example:"404"`
	Title  string `json:"title" doc:"The problem in a few words, the same whenever it occurs." example:"There is no such thing"`
	What   string `json:"what" doc:"What happened." example:"Nothing with this id is known, or the key does not reach it: both are answered alike."`
	Do     string `json:"do" doc:"What to do next." example:"Check the id and that it is escaped as %XX in the path."`
}

// ProblemList explains every code, in alphabetical order.
type ProblemList struct {
	Problems []ProblemPage `json:"problems" doc:"All codes, in alphabetical order."`
}

func pageOf(code string) ProblemPage {
	p := problemPages[code]
	return ProblemPage{Code: code, Type: problemPath + code, Status: p.Status, Title: p.Title, What: p.What, Do: p.Do}
}

// problemList and problemOne answer browsers with a page, and everybody else with JSON. They need no key: whoever has
// lost one is sent here too.
func (a *API) problemList(c *gin.Context) {
	l := ProblemList{Problems: []ProblemPage{}}
	for _, code := range slices.Sorted(maps.Keys(problemPages)) {
		l.Problems = append(l.Problems, pageOf(code))
	}
	show(c, "problems.html", l.Problems, l)
}

func (a *API) problemOne(c *gin.Context) {
	code := c.Param("code")
	if _, ok := problemPages[code]; !ok {
		fail(c, newProblem(http.StatusNotFound, string(domain.CodeNotFound), "no problem has this code: GET /problems lists them"))
		return
	}
	show(c, "problems.html", []ProblemPage{pageOf(code)}, pageOf(code))
}
