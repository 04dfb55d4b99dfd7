// Command walk lists gifts with a generated client, page by page, and prints a line for each: its id.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"time"

	"walk/client"
)

func main() {
	base, order, dir := os.Args[1], client.GetGiftsParamsOrderBy(os.Args[2]), client.GetGiftsParamsDir(os.Args[3])
	ask := client.GetGiftsParams{OrderBy: &order, Dir: &dir, Limit: new(int64(7))}
	if len(os.Args) > 4 { // every filter that takes more than one word in a URL
		since := time.Date(2025, 1, 1, 0, 0, 0, 0, time.FixedZone("", 3600))
		ask.Provider = &[]client.GetGiftsParamsProvider{client.GetGiftsParamsProviderSnappy, client.GetGiftsParamsProviderSendoso}
		ask.Metadata = &map[string]string{"walk": os.Args[4]}
		ask.Updated = &client.UpdatedRange{Gte: &since}
	}
	if err := walk(base, ask); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func walk(base string, ask client.GetGiftsParams) error {
	c, err := client.NewClientWithResponses(base, client.WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
		r.Header.Set("Authorization", "Bearer "+os.Getenv("WALK_KEY"))
		return nil
	}))
	if err != nil {
		return err
	}
	for {
		page, err := c.GetGiftsWithResponse(context.Background(), &ask)
		if err != nil {
			return err
		}
		if page.JSON200 == nil {
			return fmt.Errorf("%s %s", page.Status(), page.Body)
		}
		for _, s := range page.JSON200.Subjects {
			fmt.Println(s.Subject.Id)
		}
		if page.JSON200.Next == nil {
			return nil
		}
		ask.Cursor = page.JSON200.Next
	}
}
