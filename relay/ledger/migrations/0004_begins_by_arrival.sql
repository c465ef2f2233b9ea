-- +goose Up
-- When an order begins is judged by the fact that counts first: first_sigma is the
-- time that counts for it, first_tau the one that is shown, begin_seq its seq. The
-- sender's clock alone does not move them any more. begun stays the least tau of any
-- fact that begins the order; known_seq is the seq of the first that did, for good.
ALTER TABLE order_ids ADD COLUMN first_sigma INTEGER NOT NULL DEFAULT 0;
ALTER TABLE order_ids ADD COLUMN first_tau INTEGER NOT NULL DEFAULT 0;
ALTER TABLE order_ids ADD COLUMN known_seq INTEGER NOT NULL DEFAULT 0;
UPDATE order_ids SET first_sigma = begun, first_tau = begun, known_seq = begin_seq;
UPDATE order_ids SET first_sigma = f.sigma, first_tau = f.tau, begin_seq = f.seq, known_seq = f.known
FROM (
    SELECT parties, order_id, sigma, tau, seq,
        min(seq) OVER (PARTITION BY parties, order_id) AS known,
        row_number() OVER (PARTITION BY parties, order_id ORDER BY sigma, tau, seq) AS place
    FROM (
        SELECT parties, order_id, tau, seq, max(tau, received_at - received_at % 3600000 - 3600000) AS sigma
        FROM facts
        WHERE length(parties) = 129 AND order_id <> '' AND sender IN (substr(parties, 1, 64), substr(parties, 66))
            AND (bound = 1 OR verb IN ('intent', 'paid', 'shipped', 'delivered', 'address', 'note'))
            AND (verb <> 'note' OR coalesce(json_extract(public, '$.code'), '') <> '')
    ) AS beginning
) AS f
WHERE f.place = 1 AND party_a = substr(f.parties, 1, 64) AND client_id = f.order_id AND party_b = substr(f.parties, 66);

CREATE INDEX order_ids_first ON order_ids (party_a, party_b, first_tau);

-- The two orders of one id that were known first are always the same two.
DROP INDEX order_ids_sharing_a;
DROP INDEX order_ids_sharing_b;
CREATE INDEX order_ids_sharing_a ON order_ids (party_a, client_id, known_seq);
CREATE INDEX order_ids_sharing_b ON order_ids (party_b, client_id, known_seq);

-- What no key opened is tried again when its recipient has another.
CREATE INDEX inbox_undecrypted ON inbox (recipient, seq) WHERE state = 'unreadable' AND reason = 'decrypt';
