package webhooks

import (
	"testing"

	"giftline/domain"
)

func TestData(t *testing.T) {
	for _, c := range []struct {
		name string
		in   domain.Inbound
		want string
	}{
		{"a send has nothing else", given(domain.Sendoso, sendosoBody, claims("sent", "", "")), `{}`},
		{"unless something is added", given(domain.Sendoso, `{"send_gid":"x","event_type":"sent","note":"n"}`), `{"note":"n"}`},
		{"a gift", given(domain.Snappy, snappyBody("order-canceled", `{"giftId":"x","companyId":"c","metadata":{"b":"2","a":"1"},"cancelReason":"r"}`)),
			`{"cancelReason":"r","metadata":{"a":"1","b":"2"}}`},
		{"an invoice", given(domain.Snappy, snappyBody("gift-invoice-sent", `{"invoiceId":"x","companyId":"c"}`)), `{}`},
		{"a product", given(domain.Snappy, snappyBody("stock-availability-updates", `{"id":"x","brand":{"id":"b"},"status":"in_stock"}`)),
			`{"brand":{"id":"b"},"status":"in_stock"}`},
		{"an e-mail", given(domain.Resend, resendBody("email.clicked", `{"email_id":"x","id":"y","click":{"link":"l"}}`)), `{"click":{"link":"l"},"id":"y"}`},
		{"a contact", given(domain.Resend, resendBody("contact.created", `{"id":"x","email":"a@b.c"}`)), `{"email":"a@b.c"}`},
		{"an address", given(domain.Resend, resendBody("suppression.added", `{"id":"x","email":"a@b.c","origin":"bounce"}`)), `{"origin":"bounce"}`},
		{"keys with quotes", given(domain.Resend, resendBody("email.sent", `{"email_id":"x","a\"b":1.0}`)), `{"a\"b":1.0}`},
		{"no data", given(domain.OpenSend, `{"type":"email.sent"}`, settled("", "x")), `{}`},
		{"of several addresses, one's own", openSendIn(1, "email.suppressed", `{"recipients":[{"email":"a@b.c","reason":"r"},{"email":"d@e.f"}],"reason":"s"}`),
			`{"reason":"s","recipients":[{"email":"a@b.c","reason":"r"}]}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := string(Data(parse(c.in).Events[0], c.in.Body)); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
	if got := Data(domain.Event{Subject: domain.Subject{Provider: domain.Snappy}}, []byte(`{`)); got != nil {
		t.Errorf("an unreadable body shows %s", got)
	}
}
