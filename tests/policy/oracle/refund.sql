-- 稳岗返还, the rules a second time: facts (one row an enterprise, all text) and pack (one row) in, expected out.
--
-- Written from the documents and their digest, and from the columns of `assess refund`, by somebody else than who wrote
-- these rules in `policy`; nothing is shared with it. One CTE a rule, in the order in which the documents rule.

CREATE TEMPORARY TABLE expected AS
WITH
fact AS (  -- the cells as what they mean; empty is unknown
    SELECT
        uscc, kind, dispatch = '是' AS dispatch, day::date AS day, paid_months::int, months_paid_last_year::int,
        mean_insured::numeric AS mean, start_insured::int AS started, end_insured::int AS ended, dismissals::int,
        claimants::int, retired::int, died::int,
        paid_normal::numeric, paid_arrears::numeric, paid_after_year::numeric, refunded::numeric,
        paid_for_public_hosts::numeric AS public_hosts, deferred_unpaid = '是' AS deferred,
        statistics_size, coalesce(statistics_covers = '是', false) AS covers, size_2020, recorded_size, parent_size,
        committed_size, regexp_replace(industry, '^[A-Z]', '') AS industry,
        employees::numeric, revenue::numeric, assets::numeric,
        coalesce(string_to_array(credit_flags, ';'), '{}') AS flags, channel, account = '是' AS account,
        tax_account = '是' AS tax_account, coalesce(dispatch_banned = '是', false) AS banned
    FROM (
        SELECT
            nullif(uscc, '') AS uscc, nullif(kind, '') AS kind, coalesce(dispatch, '') AS dispatch, nullif("on", '') AS day,
            nullif(paid_months, '') AS paid_months, nullif(months_paid_last_year, '') AS months_paid_last_year,
            nullif(mean_insured, '') AS mean_insured, nullif(start_insured, '') AS start_insured,
            nullif(end_insured, '') AS end_insured, nullif(dismissals, '') AS dismissals, nullif(claimants, '') AS claimants,
            nullif(retired, '') AS retired, nullif(died, '') AS died, nullif(paid_normal, '') AS paid_normal,
            nullif(paid_arrears, '') AS paid_arrears, nullif(paid_after_year, '') AS paid_after_year,
            nullif(refunded, '') AS refunded, nullif(paid_for_public_hosts, '') AS paid_for_public_hosts,
            nullif(deferred_unpaid, '') AS deferred_unpaid, nullif(statistics_size, '') AS statistics_size,
            statistics_covers, nullif(size_2020, '') AS size_2020, nullif(recorded_size, '') AS recorded_size,
            nullif(industry, '') AS industry, nullif(employees, '') AS employees, nullif(revenue, '') AS revenue,
            nullif(assets, '') AS assets, nullif(parent_size, '') AS parent_size, nullif(committed_size, '') AS committed_size,
            nullif(credit_flags, '') AS credit_flags, nullif(channel, '') AS channel, nullif(account, '') AS account,
            nullif(tax_account, '') AS tax_account, dispatch_banned
        FROM facts
    ) cell
),

-- 统计上大中小微型企业划分办法（2017）: the lower limits of 大型, 中型, 小型; codes of GB/T 4754-2017 by their beginnings
standard (row, codes, e3, e2, e1, r3, r2, r1, a3, a2, a1) AS (VALUES
    ('农林牧渔', '{01,02,03,04,05}'::text[], NULL::int, NULL::int, NULL::int, 20000, 500, 50, NULL::int, NULL::int, NULL::int),
    ('工业', (SELECT array_agg(lpad(n::text, 2, '0')) FROM generate_series(6, 46) n), 1000, 300, 20, 40000, 2000, 300, NULL, NULL, NULL),
    ('建筑', '{47,48,49,50}', NULL, NULL, NULL, 80000, 6000, 300, 80000, 5000, 300),
    ('批发', '{51}', 200, 20, 5, 40000, 5000, 1000, NULL, NULL, NULL),
    ('零售', '{52}', 300, 50, 10, 20000, 500, 100, NULL, NULL, NULL),
    ('交通', '{54,55,56,57,58,591}', 1000, 300, 20, 30000, 3000, 200, NULL, NULL, NULL),
    ('仓储', '{592,593,594,595,596,597,598,599}', 200, 100, 20, 30000, 1000, 100, NULL, NULL, NULL),
    ('邮政', '{60}', 1000, 300, 20, 30000, 2000, 100, NULL, NULL, NULL),
    ('住宿', '{61}', 300, 100, 10, 10000, 2000, 100, NULL, NULL, NULL),
    ('餐饮', '{62}', 300, 100, 10, 10000, 2000, 100, NULL, NULL, NULL),
    ('信息传输', '{63,64}', 2000, 100, 10, 100000, 1000, 100, NULL, NULL, NULL),
    ('软件', '{65}', 300, 100, 10, 10000, 1000, 50, NULL, NULL, NULL),
    ('房地产开发', '{701}', NULL, NULL, NULL, 200000, 1000, 100, 10000, 5000, 2000),
    ('物业', '{702}', 1000, 300, 100, 5000, 1000, 500, NULL, NULL, NULL),
    ('租赁商务', '{71,72}', 300, 100, 10, NULL, NULL, NULL, 120000, 8000, 100),
    ('其他', '{73,74,75,76,77,78,79,80,81,82,85,86,87,88,89,90,703,709}', 300, 100, 10, NULL, NULL, NULL, NULL, NULL, NULL)
),
code AS (  -- the rows that a code may lie in; a short one may lie in several
    SELECT industry, s.* FROM (SELECT DISTINCT industry FROM fact WHERE industry IS NOT NULL) i
    JOIN standard s ON EXISTS (
        SELECT FROM unnest(s.codes) c WHERE starts_with(i.industry, c) OR starts_with(c, i.industry)
    )
),
indicator AS (  -- the class of each indicator that counts, 0 微型 to 3 大型; NULL where it is not known
    SELECT f.uscc, c.row, i.class
    FROM fact f JOIN code c USING (industry)
    CROSS JOIN LATERAL (VALUES
        (f.employees, c.e3, c.e2, c.e1), (f.revenue, c.r3, c.r2, c.r1), (f.assets, c.a3, c.a2, c.a1)
    ) v (figure, large, medium, small)
    CROSS JOIN LATERAL (
        SELECT CASE WHEN figure >= large THEN 3 WHEN figure >= medium THEN 2 WHEN figure >= small THEN 1 WHEN figure < small THEN 0 END
    ) i (class)
    WHERE v.large IS NOT NULL
),
standing AS (  -- what each row of the standard says: below the limit of 大型 anywhere is 中小微; all known and over is 大型
    SELECT uscc, row, CASE WHEN min(class) < 3 THEN '中小微' WHEN count(*) = count(class) THEN '大型' END AS size,
        CASE WHEN count(*) = count(class) OR min(class) = 0 THEN min(class) END AS class
    FROM indicator GROUP BY uscc, row
),
by_standard AS (  -- a code too short to pick one row is answered if every row says the same
    SELECT uscc, min(size) AS size,
        CASE WHEN count(class) = count(*) AND min(class) = max(class) THEN ('{微型,小型,中型,大型}'::text[])[min(class) + 1] END AS class
    FROM standing GROUP BY uscc HAVING count(size) = count(*) AND min(size) = max(size)
),

-- 企业划型, by the ladder of each document; `as_kind` is what the enterprise is, or might be where its kind is not known
asked AS (
    SELECT f.*, CASE WHEN k.as_kind = '社会' THEN '社会' WHEN k.as_kind = '分支机构' THEN '分支机构' ELSE '企业' END AS as_kind
    FROM fact f
    CROSS JOIN LATERAL (
        SELECT CASE WHEN f.kind IN ('社会团体', '基金会', '社会服务机构', '律师事务所', '会计师事务所', '个体工商户') THEN '社会'
            ELSE f.kind END AS as_kind WHERE f.kind IS NOT NULL
        UNION ALL SELECT unnest('{企业,分支机构,社会}'::text[]) WHERE f.kind IS NULL
    ) k
),
rung AS (  -- (basis, word) of the first rung that answers
    SELECT a.uscc, a.as_kind, r.*
    FROM asked a CROSS JOIN pack p LEFT JOIN by_standard b USING (uscc)
    CROSS JOIN LATERAL (SELECT CASE WHEN a.mean >= 300 THEN '大型' WHEN a.mean < 300 THEN '中小微' END AS counted) c
    LEFT JOIN LATERAL (
        SELECT basis, word, class FROM (VALUES
            -- 山西 二: a branch by its legal entity alone; others the list, the standard, the head-count
            ('shanxi', a.as_kind = '分支机构', 1, 'parent', a.parent_size, NULL),
            ('shanxi', a.as_kind <> '分支机构', 1, 'statistics_list', a.statistics_size, NULL),
            ('shanxi', a.as_kind <> '分支机构' AND a.covers, 2, 'statistics_list', '中小微', NULL),
            ('shanxi', a.as_kind <> '分支机构', 3, 'size_standard', b.size, b.class),
            ('shanxi', a.as_kind <> '分支机构', 4, 'insured_count', c.counted, NULL),
            -- 河北 二: social organisations by head-count alone; others the commitment, 2020, and what is chosen where there is none
            ('hebei', a.as_kind = '社会', 1, 'insured_count', c.counted, NULL),
            ('hebei', a.as_kind <> '社会', 1, 'commitment', a.committed_size, NULL),
            ('hebei', a.as_kind <> '社会', 2, 'size_2020', a.size_2020, NULL),
            ('hebei', a.as_kind <> '社会' AND p.size_when_no_2020 = 'recorded', 3, 'recorded', a.recorded_size, NULL),
            ('hebei', a.as_kind = '分支机构' AND p.size_when_no_2020 = 'recorded', 4, 'parent', a.parent_size, NULL),
            -- 山东 二: social organisations as 中小微
            ('shandong', a.as_kind = '社会', 1, 'kind', '中小微', NULL),
            -- 兵团 二（一）: the formal size once there is one
            ('xpcc', true, 1, 'statistics_list', a.statistics_size, NULL),
            -- national, 山东, 吉林, 兵团: as recorded, else a branch's legal entity's, else what is chosen
            ('recorded', p.pack <> 'shandong' OR a.as_kind <> '社会', 2, 'recorded', a.recorded_size, NULL),
            ('recorded', a.as_kind = '分支机构', 3, 'parent', a.parent_size, NULL),
            ('recorded', p.size_when_not_recorded = 'insured_count', 4, 'insured_count', c.counted, NULL)
        ) ladder (of_pack, applies, place, basis, word, class)
        WHERE word IS NOT NULL AND applies
            AND (of_pack = p.pack OR (of_pack = 'recorded' AND p.pack IN ('national', 'shandong', 'jilin', 'xpcc')))
        ORDER BY place LIMIT 1
    ) r ON true
),
sized AS (  -- 大型 or 中小微; the class where a record or the standard names it, and 大型 is its own class
    SELECT uscc, as_kind, basis, CASE WHEN word = '大型' THEN '大型' WHEN word IS NOT NULL THEN '中小微' END AS size,
        coalesce(class, CASE WHEN word IN ('大型', '中型', '小型', '微型') AND basis <> 'size_standard' THEN word END) AS class
    FROM rung
),
size AS (  -- where the kind is not known: only if whatever it is comes to the same
    SELECT uscc,
        CASE WHEN count(size) = count(*) AND min(size) = max(size) THEN min(size) END AS size,
        CASE WHEN count(size) = count(*) AND min(size) = max(size) AND count(class) = count(*) AND min(class) = max(class)
            THEN min(class) END AS class,
        CASE WHEN count(size) = count(*) AND min(size) = max(size)
            THEN coalesce(min(basis) FILTER (WHERE as_kind = '企业'), min(basis)) END AS basis
    FROM sized GROUP BY uscc
),

-- 裁员率 (national 二): what left over what was there; `most` is the highest that the known figures allow
ratio AS (
    SELECT uscc, m.most, m.exact, nullif(m.base, 0) AS base,
        CASE p.small_unit_headcount WHEN 'mean' THEN mean WHEN 'start' THEN started ELSE ended END AS heads
    FROM fact f CROSS JOIN pack p
    CROSS JOIN LATERAL (SELECT started - ended AS net) n
    CROSS JOIN LATERAL (VALUES
        ('claimants_over_mean', claimants::numeric, true, mean),
        ('dismissals_over_mean', dismissals::numeric, true, mean),
        ('net_reduction_over_start', net::numeric, true, started::numeric),
        ('net_reduction_less_natural_over_start', net - coalesce(retired, 0) - coalesce(died, 0)::numeric,
            retired IS NOT NULL AND died IS NOT NULL, started::numeric),
        ('net_reduction_over_mean', net::numeric, true, mean),
        ('lower_of_net_and_claimants_over_start', least(net, claimants)::numeric,
            net IS NOT NULL AND claimants IS NOT NULL, started::numeric)
    ) m (method, most, exact, base)
    WHERE m.method = p.layoff_method
),
layoff AS (
    SELECT uscc,
        CASE WHEN base IS NULL OR most IS NULL THEN NULL WHEN most <= 0 THEN 0 WHEN exact THEN round(most / base, 6) END AS rate,
        CASE
            WHEN most IS NULL THEN 'UNKNOWN'
            WHEN most <= 0 THEN 'PASS'  -- 未裁员
            WHEN base IS NULL THEN 'UNKNOWN'
            WHEN most <= 0.055 * base THEN 'PASS'
            WHEN heads <= 30 AND most <= 0.20 * base THEN 'PASS'
            WHEN NOT exact THEN 'UNKNOWN'
            WHEN heads IS NULL AND most <= 0.20 * base THEN 'UNKNOWN'
            ELSE 'FAIL'
        END AS answer
    FROM ratio
),

-- 返还基数: 上年度实际缴纳; without arrears of other years in 山东 二 and 兵团 二（一）; late fees never
base AS (
    SELECT uscc, greatest(
        paid_normal
        + CASE WHEN p.pack IN ('shandong', 'xpcc') THEN 0 ELSE paid_arrears END
        + CASE WHEN p.base_late_arrivals = 'in' THEN paid_after_year ELSE 0 END
        - refunded
        - CASE WHEN dispatch THEN public_hosts ELSE 0 END, 0) AS base,
        paid_normal IS NULL OR refunded IS NULL OR (dispatch AND public_hosts IS NULL)
        OR (p.pack NOT IN ('shandong', 'xpcc') AND paid_arrears IS NULL)
        OR (p.base_late_arrivals = 'in' AND paid_after_year IS NULL) AS unknown
    FROM fact CROSS JOIN pack p
),

answers AS (
    SELECT f.uscc, a.rule, a.answer
    FROM fact f CROSS JOIN pack p JOIN layoff l USING (uscc) JOIN size s USING (uscc) JOIN base b USING (uscc)
    CROSS JOIN LATERAL (VALUES
        ('paid_in_full', true, CASE p.paid_months_basis
            WHEN 'last_year' THEN CASE WHEN months_paid_last_year IS NULL THEN 'UNKNOWN' WHEN months_paid_last_year = 12 THEN 'PASS' ELSE 'FAIL' END
            ELSE CASE WHEN paid_months IS NULL THEN 'UNKNOWN' WHEN paid_months >= 12 THEN 'PASS' ELSE 'FAIL' END END),
        ('deferred_paid_up', p.pack = 'xpcc',
            CASE WHEN deferred IS NULL THEN 'UNKNOWN' WHEN deferred THEN 'FAIL' ELSE 'PASS' END),
        ('layoff_rate', true, l.answer),
        ('kind_covered', true, CASE WHEN kind IS NULL THEN 'UNKNOWN' WHEN kind = '机关事业单位' THEN 'FAIL' ELSE 'PASS' END),
        ('credit', p.credit IS NOT NULL,
            CASE WHEN flags && p.credit THEN 'FAIL' WHEN '?' = ANY(flags) THEN 'UNKNOWN' ELSE 'PASS' END),
        ('registration', p.registration IS NOT NULL,
            CASE WHEN flags && p.registration THEN 'FAIL' WHEN '?' = ANY(flags) THEN 'UNKNOWN' ELSE 'PASS' END),
        ('within_period', true,
            CASE WHEN day IS NULL THEN 'UNKNOWN' WHEN day BETWEEN '2024-01-01' AND '2024-12-31' THEN 'PASS' ELSE 'FAIL' END),
        ('dispatch_applies_itself', dispatch,
            CASE WHEN channel IS NULL THEN 'UNKNOWN' WHEN channel = '自主申请' THEN 'PASS' ELSE 'FAIL' END),
        ('dispatch_not_banned', dispatch AND p.pack IN ('shanxi', 'jilin'), CASE WHEN banned THEN 'FAIL' ELSE 'PASS' END),
        ('size_known', true, CASE WHEN s.size IS NULL THEN 'UNKNOWN' ELSE 'PASS' END),
        ('base_known', true, CASE WHEN b.unknown THEN 'UNKNOWN' ELSE 'PASS' END)
    ) a (rule, asked, answer)
    WHERE a.asked
),
codes AS (
    SELECT uscc, coalesce(string_agg(rule, ';' ORDER BY rule) FILTER (WHERE answer = 'FAIL'), '') AS failed,
        coalesce(string_agg(rule, ';' ORDER BY rule) FILTER (WHERE answer = 'UNKNOWN'), '') AS unknown
    FROM answers GROUP BY uscc
)
SELECT f.uscc, s.size, s.class AS size_class, s.basis AS size_basis, l.rate AS layoff_rate, p.layoff_method,
    CASE WHEN b.unknown THEN NULL ELSE b.base END AS base,
    CASE s.size WHEN '大型' THEN 0.3 WHEN '中小微' THEN 0.6 END AS rate,
    CASE WHEN c.failed = '' AND c.unknown = '' THEN round(b.base * CASE s.size WHEN '大型' THEN 0.3 ELSE 0.6 END, 2) END AS amount,
    -- national 五: the corporate account; a small or micro one without it, the account that the tax office supplies
    CASE
        WHEN '注销' = ANY(f.flags) OR f.account IS NULL THEN 'held'
        WHEN f.account THEN 'corporate'
        WHEN s.class IN ('小型', '微型') AND f.tax_account THEN 'tax'
        ELSE 'held'
    END AS payee,
    CASE WHEN c.failed <> '' THEN 'ineligible' WHEN c.unknown <> '' THEN 'incomplete' ELSE 'eligible' END AS outcome,
    c.failed, c.unknown
FROM fact f CROSS JOIN pack p JOIN size s USING (uscc) JOIN layoff l USING (uscc) JOIN base b USING (uscc) JOIN codes c USING (uscc)
