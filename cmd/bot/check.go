package main

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"

	"marginalia/internal/chat"
)

// checkOf is what bot check --json prints.
type checkOf struct {
	OK       bool           `json:"ok"`
	Here     []finding      `json:"here"` // on this machine
	Networks []networkCheck `json:"networks"`
}

type networkCheck struct {
	Network  string    `json:"network"`
	Findings []finding `json:"findings"`
}

type finding struct {
	What string `json:"what"`
	OK   bool   `json:"ok"`
	Why  string `json:"why,omitempty"`
	Do   string `json:"do,omitempty"`
}

func (a *app) checkVerb() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "check", Short: "Looks at what the bot needs here and on the networks, and what is missing", Args: arguments(0, 0, "no arguments"),
		Long: "Looks at the database, texts, accounts, tokens, rooms and rights, and says what to do about what is missing. It changes nothing.\nIt ends with code 1 if anything is missing.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.loadToRun()
			if err != nil {
				return err
			}
			found, missing := lookAround(cmd.Context(), c, a.log(c))
			if asJSON {
				err = a.printJSON(found)
			} else {
				a.printCheck(c, found)
			}
			if missing > 0 && err == nil {
				return fmt.Errorf("%s missing", thingsAre(missing))
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}

// lookAround looks at this machine and asks each network what it grants, and
// counts what is missing.
func lookAround(ctx context.Context, c Config, log *slog.Logger) (found checkOf, missing int) {
	found.Here, found.Networks = lookHere(ctx, c), []networkCheck{}
	missing = lacks(found.Here)
	for _, p := range platforms {
		rooms := c.roomsOn(p.name)
		if len(rooms) == 0 {
			continue
		}
		n := networkCheck{Network: p.name, Findings: []finding{}}
		network, err := p.open(ctx, c, rooms, log)
		if err != nil {
			n.Findings = append(n.Findings, finding{What: "the account", Why: err.Error(), Do: "Mend [" + p.name + "] in " + c.where() + "."})
		}
		if checker, ok := network.(chat.Checker); ok && err == nil {
			n.Findings = c.findings(ctx, p.name, checker)
		}
		missing += lacks(n.Findings)
		found.Networks = append(found.Networks, n)
	}
	found.OK = missing == 0
	return found, missing
}

// lacks counts what is missing.
func lacks(all []finding) (n int) {
	for _, f := range all {
		if !f.OK {
			n++
		}
	}
	return n
}

// findings are what a network tells, with the rooms called as the
// configuration calls them.
func (c Config) findings(ctx context.Context, name string, network chat.Checker) []finding {
	all := []finding{}
	for _, f := range network.Check(ctx) {
		for _, r := range c.Rooms {
			if r.Platform == name {
				f.What = strings.ReplaceAll(f.What, r.ID, r.Name)
			}
		}
		all = append(all, finding{f.What, f.OK, f.Why, f.Do})
	}
	return all
}

func (a *app) printCheck(c Config, found checkOf) {
	fmt.Fprintf(a.out, "✓ %s can be read\n", c.where())
	a.printFindings("", found.Here)
	for _, n := range found.Networks {
		if len(n.Findings) > 0 {
			fmt.Fprintln(a.out, n.Network)
		}
		a.printFindings("  ", n.Findings)
	}
	if found.OK {
		fmt.Fprintln(a.out, "Nothing is missing.")
	}
}

func (a *app) printFindings(indent string, all []finding) {
	for _, f := range all {
		mark := "✓"
		if !f.OK {
			mark = "✗"
		}
		fmt.Fprintf(a.out, "%s%s %s\n", indent, mark, f.What)
		for _, line := range []string{f.Why, f.Do} {
			if line != "" {
				fmt.Fprintf(a.out, "%s  %s\n", indent, line)
			}
		}
	}
}

func thingsAre(n int) string {
	if n == 1 {
		return "1 thing is"
	}
	return fmt.Sprintf("%d things are", n)
}
