package web

import (
	"errors"
	"net/http"
	"strings"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/relay/notify"
)

// setEmail: POST /keys/notices/email.
func (s *server) setEmail(v *visit) error {
	form, err := v.form("address")
	if err != nil {
		return err
	}
	address := strings.TrimSpace(form.Get("address"))
	typed := func(page *Notices) { page.Address = address }
	if address == "" { // to the port, that takes it away
		return s.noticesFault(v, http.StatusBadRequest, "address", "notices.fault.address", typed)
	}
	if refused, err := s.throttle(v, "email", typed); refused {
		return err
	}
	err = s.cfg.Notices.SetEmail(v.Context(), v.viewer, address)
	switch code := orders.ErrorCode(err); {
	case err == nil:
		return noticesDid(v, "code")
	case errors.Is(err, notify.ErrTooManyCodes):
		return s.noticesFault(v, http.StatusTooManyRequests, "address", "notices.fault.codes", typed)
	case code == orders.EINVALID:
		return s.noticesFault(v, http.StatusBadRequest, "address", "notices.fault.address", typed)
	case code == orders.EFORBIDDEN:
		return s.noticesFault(v, http.StatusForbidden, "address", "notices.fault.no-part", typed)
	case code == orders.EUNAVAILABLE:
		return s.noticesFault(v, http.StatusServiceUnavailable, "email", "notices.fault.mail", typed)
	}
	return err
}

// confirmEmail: POST /keys/notices/email/confirm.
func (s *server) confirmEmail(v *visit) error {
	form, err := v.form("code")
	if err != nil {
		return err
	}
	if refused, err := s.throttle(v, "email", nil); refused {
		return err
	}
	_, err = s.cfg.Notices.ConfirmEmail(v.Context(), v.viewer, strings.Join(strings.Fields(form.Get("code")), ""))
	switch orders.ErrorCode(err) {
	case "":
		return noticesDid(v, "confirmed")
	case orders.EFORBIDDEN:
		return s.noticesFault(v, http.StatusBadRequest, "code", "notices.fault.code", nil)
	case orders.ENOTFOUND: // none is awaited any more
		return s.noticesFault(v, http.StatusConflict, "email", "notices.fault.no-code", nil)
	}
	return err
}

// removeEmail: POST /keys/notices/email/remove.
func (s *server) removeEmail(v *visit) error {
	if _, err := v.form(); err != nil {
		return err
	}
	if err := s.cfg.Notices.SetEmail(v.Context(), v.viewer, ""); err != nil {
		return err
	}
	return noticesDid(v, "email-removed")
}
