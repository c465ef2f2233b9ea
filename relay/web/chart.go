package web

import (
	"math"
	"strconv"
	"strings"
)

// Charts are drawn into boxes that the page stretches: what is written beside them,
// the page writes, so that it stays as large as any other text.

// A Bar is one column of a chart, in a box of barStep times the number of columns by
// chartHeight.
type Bar struct{ X, Y, Width, Height float64 }

const (
	barStep     = 10
	barWidth    = 7
	chartHeight = 100
	leastHeight = 1 // of what is not nothing
)

// barsOf are the columns of values up to top.
func barsOf(values []int64, top int64) []Bar {
	bars := make([]Bar, len(values))
	for i, v := range values {
		h := 0.0
		if v > 0 && top > 0 {
			h = max(leastHeight, hundredths(float64(v)/float64(top)*chartHeight))
		}
		bars[i] = Bar{X: float64(i*barStep) + (barStep-barWidth)/2.0, Y: chartHeight - h, Width: barWidth, Height: h}
	}
	return bars
}

// topOf is where a chart of values ends: a round number whose half is a whole one.
func topOf(values []int64) int64 {
	most := int64(0)
	for _, v := range values {
		most = max(most, v)
	}
	for step := int64(2); ; step *= 10 {
		for n := int64(1); n <= 5; n++ {
			if n*step >= most {
				return n * step
			}
		}
	}
}

// sparkOf is a line through values as the d of an SVG path, in a box of 100 by 24;
// "" for less than two.
func sparkOf(values []int64) string {
	if len(values) < 2 {
		return ""
	}
	most := int64(1)
	for _, v := range values {
		most = max(most, v)
	}
	var d strings.Builder
	for i, v := range values {
		d.WriteByte("ML"[min(i, 1)])
		d.WriteString(plainNumber(float64(i) * 100 / float64(len(values)-1)))
		d.WriteByte(' ')
		d.WriteString(plainNumber(23 - float64(max(0, v))/float64(most)*22))
	}
	return d.String()
}

func hundredths(x float64) float64 { return math.Round(x*100) / 100 }

func plainNumber(x float64) string { return strconv.FormatFloat(hundredths(x), 'f', -1, 64) }

// shareOf is n of all in percent, 0 of nothing.
func shareOf(n, all int64) float64 {
	if all <= 0 {
		return 0
	}
	return hundredths(float64(n) / float64(all) * 100)
}
