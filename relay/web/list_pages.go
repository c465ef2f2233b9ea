package web

import (
	"strconv"

	"github.com/waybill-relay/waybill/orders"
)

// pageSize is how many orders a page has.
const pageSize = 50

// maxNumbered is how many pages are reached by their number: the store counts its way
// to them. From the last of them on it goes by cursor.
const maxNumbered = 100

// Paging leads through a list, by numbers where it is known how many orders there are,
// else from page to page.
type Paging struct {
	Number, Count  int64 // of the page, of pages; 0: not known
	From, To       int64 // orders on the page, counted from 1; 0: not known
	Total          int64 // -1: not known
	First          string
	Previous, Next string // "" for none
	Numbers        []Numbered
}

// Numbered leads to a page by its number; 0 stands for a gap.
type Numbered struct {
	Number  int64
	Href    string
	Current bool
}

func (q *listQuery) paging(found orders.Found) Paging {
	p := Paging{Total: found.Total}
	if q.page.Cursor != "" || q.page.Page > 1 {
		p.First = q.href()
	}
	if found.Next != "" {
		p.Next = q.href("cursor", found.Next)
	}
	if found.Total < 0 || q.page.Cursor != "" {
		return p
	}
	p.Number, p.Count = max(1, int64(q.page.Page)), (found.Total+pageSize-1)/pageSize
	if n := int64(len(found.Items)); n > 0 {
		p.From = (p.Number-1)*pageSize + 1
		p.To = p.From + n - 1
	}
	if p.Number > 1 {
		p.Previous = q.numbered(p.Number - 1)
	}
	if found.Next != "" && p.Number < maxNumbered {
		p.Next = q.numbered(p.Number + 1)
	}
	if p.Count > 1 {
		p.Numbers = q.numbers(p.Number, min(p.Count, maxNumbered))
	}
	return p
}

// numbers are the first page, the last, and those about the current one.
func (q *listQuery) numbers(current, last int64) (all []Numbered) {
	before := int64(0)
	for n := int64(1); n <= last; n++ {
		if n != 1 && n != last && (n < current-2 || n > current+2) {
			continue
		}
		if n > before+1 {
			all = append(all, Numbered{})
		}
		all = append(all, Numbered{n, q.numbered(n), n == current})
		before = n
	}
	return all
}

func (q *listQuery) numbered(n int64) string {
	if n == 1 {
		return q.href()
	}
	return q.href("page", strconv.FormatInt(n, 10))
}
