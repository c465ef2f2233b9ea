package main

import "github.com/spf13/cobra"

// completionExamples are how each shell takes its completions, for good.
var completionExamples = map[string]string{
	"bash":       "  waybill completion bash > /etc/bash_completion.d/waybill",
	"fish":       "  waybill completion fish > ~/.config/fish/completions/waybill.fish",
	"powershell": "  waybill completion powershell | Out-String | Invoke-Expression",
	"zsh":        `  waybill completion zsh > "${fpath[1]}/_waybill"`,
}

// addCobras adds the commands that cobra has of its own, with the example that every
// command of ours shows. It is called last: cobra looks at what there is.
func addCobras(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, cmd := range root.Commands() {
		switch cmd.Name() {
		case "help":
			cmd.Example = "  waybill help send\n  waybill help keys add"
		case "completion":
			cmd.Example = "  waybill completion bash --help"
			for _, shell := range cmd.Commands() {
				shell.Example = completionExamples[shell.Name()]
			}
		}
	}
}
