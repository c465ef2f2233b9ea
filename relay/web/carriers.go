package web

import (
	"net/url"
	"regexp"
	"strings"
)

// carriers are the pages on which who carries a parcel tells where it is; {} is for its
// number. A carrier goes by each of its names, in small letters without anything else
// than letters and digits.
var carriers = []struct {
	names []string
	page  string
}{
	{[]string{"dhl", "dhlde", "dhlpaket", "dhlgermany"}, "https://www.dhl.de/en/privatkunden/pakete-empfangen/verfolgen.html?piececode={}"},
	{[]string{"dhlexpress", "dhlecommerce", "dhlglobal"}, "https://www.dhl.com/global-en/home/tracking.html?submit=1&tracking-id={}"},
	{[]string{"ups", "unitedparcelservice"}, "https://www.ups.com/track?tracknum={}"},
	{[]string{"fedex", "fedexexpress", "fedexground"}, "https://www.fedex.com/fedextrack/?trknbr={}"},
	{[]string{"usps", "uspostalservice", "unitedstatespostalservice"}, "https://tools.usps.com/go/TrackConfirmAction?tLabels={}"},
	{[]string{"dpd", "dpdgroup"}, "https://www.dpdgroup.com/be/mydpd/my-parcels/search?parcelNumber={}"},
	{[]string{"dpdde", "dpdgermany"}, "https://tracking.dpd.de/status/en_US/parcel/{}"},
	{[]string{"dpduk"}, "https://track.dpd.co.uk/search?reference={}"},
	{[]string{"gls", "glsgroup"}, "https://gls-group.com/GROUP/en/parcel-tracking?match={}"},
	{[]string{"hermes", "myhermes", "hermesgermany"}, "https://www.myhermes.de/empfangen/sendungsverfolgung/sendungsinformation/#{}"},
	{[]string{"evri"}, "https://www.evri.com/track/parcel/{}"},
	{[]string{"deutschepost", "post", "dp"}, "https://www.deutschepost.de/de/s/sendungsverfolgung/verfolgen.html?piececode={}"},
	{[]string{"ctt", "cttexpresso", "cttcorreios"}, "https://www.ctt.pt/feapl_2/app/open/objectSearch/objectSearch.jspx?objects={}"},
	{[]string{"royalmail"}, "https://www.royalmail.com/track-your-item#/tracking-results/{}"},
	{[]string{"parcelforce"}, "https://www.parcelforce.com/track-trace?trackNumber={}"},
	{[]string{"postnl"}, "https://jouw.postnl.nl/track-and-trace/{}"},
	{[]string{"correos", "correosexpress"}, "https://www.correos.es/es/en/tools/tracker/items/details?tracking-number={}"},
	{[]string{"laposte", "colissimo", "chronopost"}, "https://www.laposte.fr/outils/suivre-vos-envois?code={}"},
	{[]string{"bpost"}, "https://track.bpost.cloud/btr/web/#/search?itemCode={}"},
	{[]string{"osterreichischepost", "oesterreichischepost", "österreichischepost", "postat", "austrianpost"}, "https://www.post.at/en/s/shipment-details?snr={}"},
	{[]string{"swisspost", "schweizerischepost", "dieschweizerischepost", "schweizerpost", "postch"}, "https://service.post.ch/ekp-web/ui/entry/search/{}"},
	{[]string{"posteitaliane", "poste"}, "https://www.poste.it/cerca/index.html#/risultati-spedizioni/{}"},
	{[]string{"inpost"}, "https://inpost.pl/en/find-parcel?number={}"},
	{[]string{"postnord"}, "https://tracking.postnord.com/en/tracking?id={}"},
	{[]string{"anpost"}, "https://www.anpost.com/Post-Parcels/Track/History?item={}"},
	{[]string{"canadapost", "postescanada"}, "https://www.canadapost-postescanada.ca/track-reperage/en#/search?searchFor={}"},
	{[]string{"australiapost", "auspost"}, "https://auspost.com.au/mypost/track/#/details/{}"},
	{[]string{"japanpost"}, "https://trackings.post.japanpost.jp/services/srv/search/direct?locale=en&reqCodeNo1={}"},
}

var (
	notInName    = regexp.MustCompile(`[^\pL\pN]+`)
	parcelNumber = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9 ./_-]{3,59}$`)
)

// trackingPage is the address of the page on which the carrier tells of the parcel with
// that number; "" for a carrier that is not known, and for what is no such number.
func trackingPage(carrier, number string) string {
	number = strings.TrimSpace(number)
	if !parcelNumber.MatchString(number) {
		return ""
	}
	name := notInName.ReplaceAllString(strings.ToLower(carrier), "")
	for _, c := range carriers {
		for _, n := range c.names {
			if n == name {
				return strings.ReplaceAll(c.page, "{}", url.QueryEscape(strings.ReplaceAll(number, " ", "")))
			}
		}
	}
	return ""
}
