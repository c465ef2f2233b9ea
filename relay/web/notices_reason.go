package web

import "slices"

// reasons are the codes of package notify, for why a notice did not get through, that
// have words of their own. The others are what a server answered: http-503, smtp-550.
var reasons = []string{
	"muted", "off", "not-wanted", "removed", "disabled", "forbidden-address", "timeout", "not-connected", "no-answer", "refused", "mail-server",
}

// reasonWords is the key of the catalogue for such a code.
func reasonWords(code string) string {
	if slices.Contains(reasons, code) {
		return "notices.reason." + code
	}
	return "notices.reason.other"
}
