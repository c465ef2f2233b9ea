//go:build !(linux || darwin)

package ledger

// runAsLimited is for where the size of files can be limited.
func runAsLimited() bool { return false }
