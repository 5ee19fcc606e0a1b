package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"
)

func (a *app) healthVerb() *cobra.Command {
	var listen string
	cmd := &cobra.Command{
		Use: "healthcheck", Short: "Asks the bot that runs here whether it lives", Args: arguments(0, 0, "no arguments"),
		Long: "Asks the page of the bot that runs with this configuration whether it lives. It ends with code 1 if it does not:\ncontainers without a shell are watched by it.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.load()
			if err != nil {
				return err
			}
			if cmd.Flags().Changed("listen") {
				c.Bot.Listen = listen
			}
			return alive(cmd.Context(), c.Bot.Listen)
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "", "address of the reader page, if bot run was given one")
	return cmd
}

// mostAnswering is how long a bot may take to say that it lives.
const mostAnswering = 5 * time.Second

// alive asks the page that is served at listen.
func alive(ctx context.Context, listen string) error {
	host, port, err := net.SplitHostPort(listen)
	if err != nil || port == "0" || port == "" {
		return usage("[bot] listen is %q, where no page can be asked: write an address and a port", listen)
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1" // an empty image knows no names
	}
	ctx, cancel := context.WithTimeout(ctx, mostAnswering)
	defer cancel()
	address := "http://" + net.JoinHostPort(host, port) + "/live"
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // no proxy: the bot is on this machine
	answer, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("no bot answers at %s (%w)", address, cause(err))
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("what answers at %s says %s", address, answer.Status)
	}
	return nil
}
