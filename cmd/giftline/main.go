// Command giftline receives the webhooks of gifting and e-mail providers and tells, for every gift, send and e-mail,
// where it is, how it got there and what did not add up. One file per subcommand; cli.go holds what they share.
package main

import "os"

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }
