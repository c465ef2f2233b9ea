package dialect

import "strings"

// cbGenerations holds one purchase request of each generation.
var cbGenerations = map[string]string{
	"G1": `{
  "type": "purchase-intent",
  "products": [{"productId": "mug-1", "title": "Mug", "quantity": 2, "price": 10500, "currency": "sats", "imageUrl": "https://x.example/mug.png"}],
  "totalSats": 21000,
  "timestamp": 1760000000123
}`,
	"G2": `{
  "type": "purchase-intent",
  "intentId": "pi_b1b1b1b1_1760000000123",
  "products": [
    {"productId": "mug-1", "title": "Mug", "quantity": 2, "price": 12.5, "currency": "EUR"},
    {"productId": "cup-1", "title": "Cup", "quantity": 1, "price": 1e-7, "currency": "BTC"}
  ],
  "totalSats": 80010,
  "timestamp": 1760000000123
}`,
	"G3": `╔══════════════════════════════════════════════════════════════╗
║           🛒  NEW PURCHASE REQUEST                           ║
╚══════════════════════════════════════════════════════════════╝

📋 ORDER DETAILS
─────────────────────────────────────────────────────────────
Order ID:     pi_$nB_1760000000123
Date:         Oct 9, 2025, 8:53 AM
From:         $nB

📦 ITEMS REQUESTED
─────────────────────────────────────────────────────────────

1. Mug
   ┌─────────────────────────────────────────────────────┐
   │ Product ID:  mug-1                                  │
   │ Quantity:    2                                      │
   │ Unit Price:  10,500 sats                         │
   │ Subtotal:    21,000 sats                         │
   │ Image:       https://x.example/a/very/long/name/... │
   └─────────────────────────────────────────────────────┘

─────────────────────────────────────────────────────────────
💰 TOTAL:  21,000 sats
─────────────────────────────────────────────────────────────

📝 NEXT STEPS
─────────────────────────────────────────────────────────────
Please reply with:
  ✓ Payment link (Lightning invoice or Bitcoin address)
`,
	"G4": `🛒 NEW PURCHASE REQUEST

📋 ORDER DETAILS

Order ID: pi_$nB_1760000000123
Date: Oct 9, 2025, 8:53 AM
From: $nB

📦 ITEMS REQUESTED

1. Mug
   Product ID: mug-1
   Quantity: 2
   Unit Price: 10,500 sats
   Subtotal: 21,000 sats
   Image: https://x.example/mug.png

💰 TOTAL: 21,000 sats

📝 NEXT STEPS
`,
	"G5": `🛒✨ NEW PURCHASE REQUEST

📋 ORDER DETAILS

🆔 Order ID: pi_$nB_1760000000123
📅 Date: Oct 9, 2025, 8:53 AM
👤 From: $nB

📦 ITEMS REQUESTED

1️⃣ Mug
   🔖 Product ID: mug-1
   🔢 Quantity: 2
   💵 Unit Price: 10,500 sats
   💸 Subtotal: 21,000 sats

2️⃣ Cup 2. Wahl
   🔖 Product ID: cup-1
   🔢 Quantity: 1
   💵 Unit Price: 0.001 BTC
   💸 Subtotal: 0.001 BTC

💰✨ TOTAL: 121,000 sats

📝 NEXT STEPS

Please reply with:
  ⚡ Payment link (Lightning invoice or Bitcoin address)
  📮 Shipping quote (if applicable)
  ⏱️ Estimated delivery time

⚠️ IMPORTANT

This is a purchase intent, not a confirmed order.
No items have been reserved or charged yet.

🌉 Powered by CultureBridge • Nostr-Native Commerce 🟣
`,
}

// g5 is the newest request with one part replaced.
func g5(old, new string) string {
	s := cbGenerations["G5"]
	if !strings.Contains(s, old) {
		panic("not in the request: " + old)
	}
	return strings.Replace(s, old, new, 1)
}
