package api

import (
	"net/http"
	"net/url"
	"strconv"
)

// newestKeys are the query keys of a list that has the newest first.
var newestKeys = []string{"before", "limit"}

const (
	mostPerPage  = 200
	usualPerPage = 50
)

// newest is a part of such a list. Before is for the next one.
type newest[T any] struct {
	Data   []T   `json:"data"`
	Before int64 `json:"next_before,omitempty"`
}

// answerNewest answers with the part that the query asks for: find returns up to limit
// of what there is before an id (0: from the newest), and show says how each is shown.
func answerNewest[T, S any](w http.ResponseWriter, c *call, find func(before int64, limit int) ([]T, error), show func(T) (id int64, shown S)) error {
	query := c.URL.Query()
	before, err := numberOf(query, "before", 0, 1<<62, "before is the next_before of a list.")
	if err != nil {
		return err
	}
	limit, err := numberOf(query, "limit", usualPerPage, mostPerPage, wantLimit)
	if err != nil {
		return err
	}
	found, err := find(before, int(limit)+1) // one more tells whether this is all
	if err != nil {
		return err
	}
	part := newest[S]{Data: make([]S, 0, len(found))}
	var last int64
	for _, one := range found {
		if int64(len(part.Data)) == limit {
			part.Before = last
			query.Set("before", strconv.FormatInt(last, 10))
			w.Header().Set("Link", "<"+c.URL.EscapedPath()+"?"+query.Encode()+`>; rel="next"`)
			break
		}
		id, shown := show(one)
		part.Data, last = append(part.Data, shown), id
	}
	return answer(w, http.StatusOK, part)
}

// numberOf reads a query key that is a number from 1 to most, or not there.
func numberOf(query url.Values, name string, otherwise, most int64, want string) (int64, error) {
	values := query[name]
	if len(values) == 0 {
		return otherwise, nil
	}
	n, err := strconv.ParseInt(values[0], 10, 64)
	if err != nil || n < 1 || n > most || len(values) > 1 {
		return 0, badParameter(name, want)
	}
	return n, nil
}

var wantLimit = "limit is a number from 1 to " + strconv.Itoa(mostPerPage) + "."
