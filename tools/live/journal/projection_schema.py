"""The tables of the projection, for whoever queries them with tools of their own.

Quantities, prices and money are exact decimal text, spelled as in the journal: equal amounts are
equal texts, and nothing is too large. The views show the same as ordinary numbers. `seq` is the
place of an event on the line, `corr` the input that began its chain, `cause` what led to it; times
(`_ns`) are nanoseconds since 1970 UTC.
"""

from __future__ import annotations

SCHEMA_VERSION = 3  # 2: what was adopted; 3: told fees, reasons and funding
APPLICATION_ID = 0x4C495645  # "LIVE", by which SQLite files tell whose they are

META = """\
CREATE TABLE meta (                   -- one row: which log, and how much of it is in here
  id             INTEGER PRIMARY KEY CHECK (id = 1),
  schema_version INTEGER NOT NULL,
  log_id         TEXT    NOT NULL,
  last_seq       INTEGER NOT NULL,    -- of the log's own count; -1: nothing yet
  head_hash      TEXT    NOT NULL,    -- what the log's chain is there
  line_seq       INTEGER NOT NULL     -- of the line's count
) STRICT"""

RUN = """\
CREATE TABLE run (                    -- one row: how the run was opened, and what it came to
  id              INTEGER PRIMARY KEY CHECK (id = 1),
  edge            TEXT    NOT NULL,
  start_ns        INTEGER NOT NULL,
  config_sha256   TEXT    NOT NULL,
  code_version    TEXT    NOT NULL,
  retain          INTEGER,
  parent_log_id   TEXT,               -- of a fork: where it left its parent
  parent_seq      INTEGER,
  about           TEXT    NOT NULL,   -- the parameters, as JSON
  events          INTEGER,            -- these three: only once the run has made its report
  state_sha256    TEXT,
  report_sha256   TEXT
) STRICT"""

TERMS = """\
CREATE TABLE terms (                  -- limits and fees; a fork changes them on its way
  from_seq      INTEGER PRIMARY KEY,
  max_symbol    TEXT NOT NULL,
  max_total     TEXT NOT NULL,
  threshold_bps TEXT NOT NULL,
  maker_bps     TEXT NOT NULL,
  taker_bps     TEXT NOT NULL
) STRICT"""

ORDERS = """\
CREATE TABLE orders (                 -- every order that the gate approved, or that was adopted
  placed_seq      INTEGER PRIMARY KEY,
  placed_ns       INTEGER NOT NULL,
  corr            INTEGER NOT NULL,
  cause           INTEGER NOT NULL,
  client_order_id TEXT    NOT NULL UNIQUE,
  order_id        TEXT,               -- the exchange's, once it has accepted
  symbol          TEXT    NOT NULL,
  side            TEXT    NOT NULL CHECK (side IN ('Buy', 'Sell')),
  qty             TEXT    NOT NULL CHECK (qty GLOB '[0-9]*'),
  price           TEXT    NOT NULL CHECK (price GLOB '[0-9]*'),
  state           TEXT    NOT NULL CHECK (state IN (
                    'pending', 'open', 'partially_filled', 'filled', 'canceled', 'rejected')),
  filled          TEXT    NOT NULL CHECK (filled GLOB '[0-9]*'),
  late            TEXT    NOT NULL CHECK (late GLOB '[0-9]*'), -- filled after the cancel
  cost            TEXT    NOT NULL CHECK (cost GLOB '[0-9]*'), -- of all its fills, late ones too
  message         TEXT,
  accepted_ns     INTEGER,
  updated_seq     INTEGER NOT NULL,
  updated_ns      INTEGER NOT NULL,
  end_number      INTEGER UNIQUE,     -- 1 is the first order that came to its end
  adopted         TEXT    NOT NULL,   -- of what it filled: what came with it, and moved nothing
  CHECK ((order_id IS NULL) = (state IN ('pending', 'rejected'))),
  CHECK ((accepted_ns IS NULL) = (order_id IS NULL)),
  CHECK ((filled = qty) = (state = 'filled')),
  CHECK (filled = '0' OR state IN ('partially_filled', 'filled', 'canceled')),
  CHECK (filled <> '0' OR state <> 'partially_filled'),
  CHECK (late = '0' OR state = 'canceled'),
  CHECK ((end_number IS NULL) = (state IN ('pending', 'open', 'partially_filled')))
) STRICT"""

FILLS = """\
CREATE TABLE fills (                  -- every execution that was reported, booked or not
  seq             INTEGER PRIMARY KEY,
  ts_ns           INTEGER NOT NULL,
  corr            INTEGER NOT NULL,
  cause           INTEGER NOT NULL,
  fill_id         TEXT    NOT NULL,
  order_id        TEXT    NOT NULL,
  client_order_id TEXT REFERENCES orders (client_order_id), -- none: no such order of ours
  symbol          TEXT    NOT NULL,
  side            TEXT    NOT NULL CHECK (side IN ('Buy', 'Sell')),
  qty             TEXT    NOT NULL,
  price           TEXT    NOT NULL,
  liquidity       TEXT    NOT NULL,   -- as the exchange said it; may be empty
  outcome         TEXT    NOT NULL CHECK (outcome IN ('applied', 'late', 'duplicate', 'refused')),
  charged         TEXT CHECK (charged IN ('maker', 'taker')),
  fee             TEXT,               -- as the exchange told it, else by our own schedule
  fault           TEXT CHECK (fault IN ('unknown_order', 'conflict', 'overfill', 'bad_numbers')),
  detail          TEXT,
  why             TEXT    NOT NULL,   -- how it came about, where the exchange said it
  CHECK ((outcome IN ('applied', 'late')) = (charged IS NOT NULL)),
  CHECK ((fee IS NULL) = (charged IS NULL)),
  CHECK ((outcome = 'refused') = (fault IS NOT NULL)),
  CHECK (client_order_id IS NOT NULL OR outcome IN ('duplicate', 'refused'))
) STRICT"""

POSITIONS = """\
CREATE TABLE positions (              -- what the fills and adoptions of a symbol add up to
  symbol      TEXT    PRIMARY KEY,
  qty         TEXT    NOT NULL,       -- long above zero
  cost        TEXT    NOT NULL,       -- of what is held, with the sign of qty
  realised    TEXT    NOT NULL,       -- first in, first out
  cash        TEXT    NOT NULL,       -- realised - cost - fees + funding + adopted_worth
  fees_maker  TEXT    NOT NULL,
  fees_taker  TEXT    NOT NULL,
  bought      TEXT    NOT NULL,
  sold        TEXT    NOT NULL,
  bought_cost TEXT    NOT NULL,
  sold_cost   TEXT    NOT NULL,
  maker_fills INTEGER NOT NULL,
  taker_fills INTEGER NOT NULL,
  adopted       TEXT  NOT NULL,       -- bought - sold + adopted = qty
  adopted_worth TEXT  NOT NULL,       -- at the marks at which it was adopted
  funding       TEXT  NOT NULL        -- what came in for holding it
) STRICT"""

FUNDING = """\
CREATE TABLE funding (                -- every payment for holding a symbol
  seq    INTEGER PRIMARY KEY,
  ts_ns  INTEGER NOT NULL,
  symbol TEXT    NOT NULL,
  amount TEXT    NOT NULL,            -- below zero it went out
  why    TEXT    NOT NULL
) STRICT"""

LOTS = """\
CREATE TABLE lots (                   -- what a position is made of, oldest first by opened_seq
  opened_seq   INTEGER PRIMARY KEY,
  symbol       TEXT    NOT NULL REFERENCES positions (symbol),
  qty          TEXT    NOT NULL CHECK (qty <> '0'),
  price        TEXT    NOT NULL,
  fill_seq     INTEGER REFERENCES fills (seq), -- what opened it: one of these two
  adoption_seq INTEGER REFERENCES adoptions (seq),
  CHECK (opened_seq = coalesce(fill_seq, adoption_seq))
) STRICT"""

ADOPTIONS = """\
CREATE TABLE adoptions (              -- what was taken over from the exchange's own books
  seq      INTEGER PRIMARY KEY,
  ts_ns    INTEGER NOT NULL,
  what     TEXT    NOT NULL CHECK (what IN ('order', 'execution', 'position')),
  name     TEXT    NOT NULL,          -- client order id, fill id or symbol
  order_id TEXT,
  symbol   TEXT    NOT NULL,
  side     TEXT,
  qty      TEXT    NOT NULL,          -- of a position: what is held from then on, signed
  price    TEXT    NOT NULL           -- of a position: the mark at which it was adopted
) STRICT"""

QUOTES = """\
CREATE TABLE quotes (                 -- the newest quote of a symbol
  symbol TEXT    PRIMARY KEY,
  seq    INTEGER NOT NULL,
  ts_ns  INTEGER NOT NULL,
  bid    TEXT    NOT NULL,
  ask    TEXT    NOT NULL
) STRICT"""

CANCELS = """\
CREATE TABLE cancels (                -- every cancel that was sent, and what came back
  seq             INTEGER PRIMARY KEY,
  ts_ns           INTEGER NOT NULL,
  corr            INTEGER NOT NULL,
  cause           INTEGER NOT NULL,
  client_order_id TEXT    NOT NULL REFERENCES orders (client_order_id),
  order_id        TEXT    NOT NULL,
  answer          TEXT CHECK (answer IN ('canceled', 'failed')), -- none: not yet
  answer_seq      INTEGER,
  message         TEXT,
  CHECK ((answer IS NULL) = (answer_seq IS NULL))
) STRICT"""

REFUSALS = """\
CREATE TABLE refusals (               -- every intent that the gate refused
  seq    INTEGER PRIMARY KEY,
  ts_ns  INTEGER NOT NULL,
  corr   INTEGER NOT NULL,
  cause  INTEGER NOT NULL,
  symbol TEXT    NOT NULL,
  side   TEXT    NOT NULL,
  qty    TEXT    NOT NULL,
  price  TEXT    NOT NULL,
  reason TEXT    NOT NULL
) STRICT"""

FREEZES = """\
CREATE TABLE freezes (                -- every time trading stopped, and who let it go on
  seq           INTEGER PRIMARY KEY,
  ts_ns         INTEGER NOT NULL,
  reason        TEXT    NOT NULL,
  symbol        TEXT,
  lifted_seq    INTEGER,
  lifted_ns     INTEGER,
  lifted_reason TEXT,
  lifted_by     TEXT
) STRICT"""

CONTRADICTIONS = """\
CREATE TABLE contradictions (         -- what the exchange said that cannot be; it changed nothing
  seq   INTEGER PRIMARY KEY,
  ts_ns INTEGER NOT NULL,
  topic TEXT    NOT NULL,
  what  TEXT    NOT NULL
) STRICT"""

RECOVERY = """\
CREATE TABLE recovery (               -- what the log says about itself: starts, losses, ends
  log_seq    INTEGER PRIMARY KEY,     -- of the log's own count
  ts_ns      INTEGER NOT NULL,
  event      TEXT    NOT NULL,        -- created, recovered, closed, trimmed, repaired
  torn_bytes INTEGER NOT NULL,        -- cut off the end and kept in torn/
  detail     TEXT    NOT NULL         -- the record's payload, as JSON
) STRICT"""

TABLES = (
    META, RUN, TERMS, ORDERS, FILLS, POSITIONS, FUNDING, LOTS, ADOPTIONS, QUOTES, CANCELS, REFUSALS,
    FREEZES, CONTRADICTIONS, RECOVERY,
)  # fmt: skip

INDEXES = (
    "CREATE INDEX orders_by_order_id ON orders (order_id)",
    "CREATE INDEX orders_by_symbol ON orders (symbol, state)",
    "CREATE INDEX orders_live ON orders (symbol)"
    " WHERE state IN ('pending', 'open', 'partially_filled')",
    # Exactly once: one order books one execution id one time.
    "CREATE UNIQUE INDEX fills_booked ON fills (fill_id, client_order_id)"
    " WHERE outcome IN ('applied', 'late')",
    "CREATE INDEX fills_by_order ON fills (client_order_id)",
    "CREATE INDEX fills_by_time ON fills (ts_ns)",
    "CREATE INDEX lots_by_symbol ON lots (symbol)",
    "CREATE INDEX cancels_by_order ON cancels (client_order_id)",
    "CREATE INDEX refusals_by_reason ON refusals (reason, symbol)",
)

OPEN_ORDERS = """\
CREATE VIEW open_orders AS            -- what may still trade; pending: not answered yet
SELECT client_order_id, order_id, symbol, side, state,
       CAST(qty AS REAL) AS qty, CAST(price AS REAL) AS price, CAST(filled AS REAL) AS filled,
       CAST(qty AS REAL) - CAST(filled AS REAL) AS leaves,
       datetime(placed_ns / 1000000000, 'unixepoch') AS placed_utc
FROM orders
WHERE state IN ('pending', 'open', 'partially_filled')
ORDER BY placed_seq"""

BOOKED_FILLS = """\
CREATE VIEW booked_fills AS           -- every execution that counts, once
SELECT seq, datetime(ts_ns / 1000000000, 'unixepoch') AS utc, fill_id, client_order_id, symbol,
       side, CAST(qty AS REAL) AS qty, CAST(price AS REAL) AS price,
       CAST(qty AS REAL) * CAST(price AS REAL) AS notional, charged, CAST(fee AS REAL) AS fee,
       outcome = 'late' AS is_late, why
FROM fills
WHERE outcome IN ('applied', 'late')
ORDER BY seq"""

POSITIONS_NOW = """\
CREATE VIEW positions_now AS          -- positions at the middle of the newest quote
SELECT symbol, held AS qty, iif(held = 0, NULL, held_cost / held) AS avg_entry, mark,
       realised, held * mark - held_cost AS unrealised, fees,
       realised + ifnull(held * mark - held_cost, iif(held = 0, 0.0, NULL)) - fees + funding AS net,
       cash, funding
FROM (SELECT positions.symbol, CAST(qty AS REAL) AS held, CAST(cost AS REAL) AS held_cost,
             (CAST(bid AS REAL) + CAST(ask AS REAL)) / 2 AS mark,
             CAST(realised AS REAL) AS realised, CAST(cash AS REAL) AS cash,
             CAST(funding AS REAL) AS funding,
             CAST(fees_maker AS REAL) + CAST(fees_taker AS REAL) AS fees
      FROM positions LEFT JOIN quotes ON quotes.symbol = positions.symbol)
ORDER BY symbol"""

RECOVERY_STATE = """\
CREATE VIEW recovery_state AS         -- one row: whether the log and its run ended as meant
SELECT log_id, last_seq, head_hash, line_seq,
       (SELECT count(*) FROM recovery WHERE event IN ('created', 'recovered')) AS starts,
       (SELECT ifnull(sum(torn_bytes), 0) FROM recovery) AS torn_bytes,
       EXISTS (SELECT 1 FROM recovery WHERE log_seq = last_seq AND event = 'closed') AS is_closed,
       EXISTS (SELECT 1 FROM run WHERE report_sha256 IS NOT NULL) AS is_reported,
       EXISTS (SELECT 1 FROM freezes WHERE lifted_seq IS NULL) AS is_frozen
FROM meta"""

VIEWS = (OPEN_ORDERS, BOOKED_FILLS, POSITIONS_NOW, RECOVERY_STATE)
STATEMENTS = (*TABLES, *INDEXES, *VIEWS)

# Set on every connection that writes, and read back: what SQLite does not take, it ignores.
SETTINGS = (
    ("busy_timeout", "5000", 5000),
    ("trusted_schema", "OFF", 0),
    ("foreign_keys", "ON", 1),
    ("journal_mode", "WAL", "wal"),
    ("synchronous", "FULL", 2),
)
