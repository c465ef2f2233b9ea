-- +goose Up
-- Look-ups that cost the same however much strangers write under a key and an
-- order id that they know.

-- The first orders with an id in which a key takes part, from either side.
DROP INDEX order_ids_party_b;
CREATE INDEX order_ids_sharing_a ON order_ids (party_a, client_id, begin_seq);
CREATE INDEX order_ids_sharing_b ON order_ids (party_b, client_id, begin_seq);

-- The first facts that name one key alone; each index has the seq at its end.
CREATE INDEX facts_one_sided ON facts (parties, order_id) WHERE instr(parties, ':') = 0;

-- Orders begun by somebody unnamed: each recipient's are counted by themselves.
CREATE INDEX facts_nameless ON facts (parties, bound, received_at, rumor_id) WHERE sender = '' AND verb = 'intent';

-- What somebody said of an order for all to see.
CREATE INDEX facts_public ON facts (sender, order_id) WHERE transport = 'public' AND bound = 1;
