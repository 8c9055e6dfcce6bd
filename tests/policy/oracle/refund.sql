-- 稳岗返还 a second time: size, rules, base, amount and payee of each row of facts, as one query.
--
-- Written from the full text of the five documents, the digest of their clauses (rules, readings and agency choices), the
-- description of the columns of `assess refund`, and the table of 统计上大中小微型企业划分办法(2017). Its author did not see
-- `policy`, nor its notices, nor their tests. Where the two answer a row differently, one of them has misread a clause.
--
-- Reads  facts   the columns of `assess refund`, all text, empty = NULL; uscc tells the rows apart
--        chosen  one row: pack, and the agency choices of the run
-- Gives  for each row what `assess refund` appends.
-- Answers are PASS, FAIL, UNKNOWN; NULL where the pack does not ask. Numbers are exact numeric, rounded at the end only.

WITH

-- What a pack has of its own. The rest is the same in all (人社部发〔2024〕40号 二).
--   ladder          which ladder of size (below)
--   credit_bars     lists that bar by 失信: 晋人社厅发〔2024〕28号 二; 冀人社发〔2024〕14号 二; NULL: not asked
--   register_bars   entries of the register that bar: the same clauses (晋: 破产清算 is "无法正常生产经营"; 拟注销 does not bar)
--   arrears_count   is what was paid for earlier years inside the base? 鲁人社发〔2024〕8号 二, 兵团 二(一): 不含补缴历年欠费
--   asks_deferred   兵团 二(一): 缓缴 in time paid up
--   asks_misuse     晋 五, 吉人社联〔2024〕43号 二: 取消下一年度申领资格
terms (pack, ladder, credit_bars, register_bars, arrears_count, asks_deferred, asks_misuse) AS (VALUES
    ('national', 'recorded',   NULL::text[],                                NULL::text[],                         true,  false, false),
    ('shanxi',   'statistics', '{严重失信}',                                '{注销,吊销,经营异常,破产清算}',      true,  false, true),
    ('hebei',    'relief',     '{严重失信,失信被执行人,拖欠农民工工资}',    '{破产清算,拟注销,注销}',             true,  false, false),
    ('shandong', 'by_kind',    NULL,                                        NULL,                                 false, false, false),
    ('xpcc',     'formal',     NULL,                                        NULL,                                 false, true,  false),
    ('jilin',    'recorded',   NULL,                                        NULL,                                 true,  false, true)
),

-- 人社部发〔2024〕40号 二: 大型企业 30%, 中小微企业 60%; layoff limits 5.5% (鲁 二, 兵团 一(二), 吉 二 print it), 20% up to 30;
-- 12 months; the period, both days in.
law (ratio_large, ratio_sme, limit_usual, limit_small, small_up_to, months, first_day, last_day) AS (VALUES
    (0.30, 0.60, 0.055, 0.20, 30, 12, date '2024-01-01', date '2024-12-31')
),

-- 统计上大中小微型企业划分办法(2017): lower limits of 大型, 中型, 小型 by industry and indicator. An enterprise is of a class
-- when all its indicators reach the limit.
standard (trade, indicator, large, medium, small) AS (VALUES
    ('农、林、牧、渔业',       'revenue',   20000,  500,  50),
    ('工业',                   'employees', 1000,   300,  20),
    ('工业',                   'revenue',   40000,  2000, 300),
    ('建筑业',                 'revenue',   80000,  6000, 300),
    ('建筑业',                 'assets',    80000,  5000, 300),
    ('批发业',                 'employees', 200,    20,   5),
    ('批发业',                 'revenue',   40000,  5000, 1000),
    ('零售业',                 'employees', 300,    50,   10),
    ('零售业',                 'revenue',   20000,  500,  100),
    ('交通运输业',             'employees', 1000,   300,  20),
    ('交通运输业',             'revenue',   30000,  3000, 200),
    ('仓储业',                 'employees', 200,    100,  20),
    ('仓储业',                 'revenue',   30000,  1000, 100),
    ('邮政业',                 'employees', 1000,   300,  20),
    ('邮政业',                 'revenue',   30000,  2000, 100),
    ('住宿业',                 'employees', 300,    100,  10),
    ('住宿业',                 'revenue',   10000,  2000, 100),
    ('餐饮业',                 'employees', 300,    100,  10),
    ('餐饮业',                 'revenue',   10000,  2000, 100),
    ('信息传输业',             'employees', 2000,   100,  10),
    ('信息传输业',             'revenue',   100000, 1000, 100),
    ('软件和信息技术服务业',   'employees', 300,    100,  10),
    ('软件和信息技术服务业',   'revenue',   10000,  1000, 50),
    ('房地产开发经营',         'revenue',   200000, 1000, 100),
    ('房地产开发经营',         'assets',    10000,  5000, 2000),
    ('物业管理',               'employees', 1000,   300,  100),
    ('物业管理',               'revenue',   5000,   1000, 500),
    ('租赁和商务服务业',       'employees', 300,    100,  10),
    ('租赁和商务服务业',       'assets',    120000, 8000, 100),
    ('其他未列明行业',         'employees', 300,    100,  10)
),

-- Which codes of GB/T 4754-2017 are of which trade: divisions (two digits) and groups (three), from .. to.
-- 53 铁路, J, P, Q84, S, T and 704 stand in no row.
scope (trade, low, high) AS (VALUES
    ('农、林、牧、渔业', '01', '05'),     ('工业', '06', '46'),            ('建筑业', '47', '50'),
    ('批发业', '51', '51'),               ('零售业', '52', '52'),          ('交通运输业', '54', '58'),
    ('交通运输业', '591', '591'),         ('仓储业', '592', '599'),        ('邮政业', '60', '60'),
    ('住宿业', '61', '61'),               ('餐饮业', '62', '62'),          ('信息传输业', '63', '64'),
    ('软件和信息技术服务业', '65', '65'), ('房地产开发经营', '701', '701'), ('物业管理', '702', '702'),
    ('其他未列明行业', '703', '703'),     ('其他未列明行业', '709', '709'), ('租赁和商务服务业', '71', '72'),
    ('其他未列明行业', '73', '82'),       ('其他未列明行业', '85', '90')
),

-- ---- the facts as values ------------------------------------------------------------------------------------------

-- Empty is unknown. Only these are something else when empty: 劳务派遣, dispatch_banned, statistics_covers 否; what
-- arrived after the year 0 unless it counts; no flag: checked, none found; `?`: not checked.
known AS MATERIALIZED (
    SELECT
        f.uscc, t.*, l.*,
        c.layoff_method, c.small_unit_headcount, c.paid_months_basis, c.base_late_arrivals,
        c.size_when_not_recorded, c.size_when_no_2020,
        f.kind,
        coalesce(f.dispatch = '是', false) AS dispatch,
        f."on"::date AS day,
        f.paid_months::int AS paid_months, f.months_paid_last_year::int AS months_paid_last_year,
        f.mean_insured::numeric AS mean_insured, f.start_insured::numeric AS start_insured,
        f.end_insured::numeric AS end_insured, f.dismissals::numeric AS dismissals, f.claimants::numeric AS claimants,
        f.retired::numeric AS retired, f.died::numeric AS died,
        f.paid_normal::numeric AS paid_normal, f.paid_arrears::numeric AS paid_arrears,
        CASE WHEN c.base_late_arrivals = 'in' THEN f.paid_after_year::numeric ELSE 0 END AS late_arrivals,
        f.refunded::numeric AS refunded, f.paid_for_public_hosts::numeric AS paid_for_public_hosts,
        f.deferred_unpaid,
        f.statistics_size, coalesce(f.statistics_covers = '是', false) AS statistics_covers,
        f.size_2020, f.recorded_size, f.parent_size, f.committed_size,
        regexp_replace(f.industry, '^[A-T]', '') AS industry,
        f.employees::numeric AS employees, f.revenue::numeric AS revenue, f.assets::numeric AS assets,
        coalesce(string_to_array(f.credit_flags, ';'), '{}') AS flags,
        f.channel, f.account, f.tax_account,
        coalesce(f.dispatch_banned = '是', false) AS dispatch_banned
    FROM facts f
    CROSS JOIN chosen c
    JOIN terms t USING (pack)
    CROSS JOIN law l
),

-- ---- B. size -------------------------------------------------------------------------------------------------------

-- The trades that a code may mean: one, none, or several where it is too short to pick one (59, 70).
trades AS MATERIALIZED (
    SELECT DISTINCT code.industry, s.trade
    FROM (SELECT DISTINCT industry FROM known WHERE ladder = 'statistics') code
    JOIN scope s ON left(code.industry, length(s.low)) BETWEEN s.low AND s.high
                 OR (length(code.industry) = 2 AND left(s.low, 2) = code.industry)
),

-- 4 大型, 3 中型, 2 小型, 1 微型: what each known indicator reaches, NULL where it is not known.
reached AS (
    SELECT k.uscc, r.trade,
           CASE WHEN v.value >= r.large THEN 4 WHEN v.value >= r.medium THEN 3 WHEN v.value >= r.small THEN 2
                WHEN v.value IS NOT NULL THEN 1 END AS class
    FROM known k
    JOIN trades USING (industry)
    JOIN standard r USING (trade)
    CROSS JOIN LATERAL (SELECT CASE r.indicator WHEN 'employees' THEN k.employees WHEN 'revenue' THEN k.revenue
                                                ELSE k.assets END AS value) v
    WHERE k.ladder = 'statistics'
),

-- The lowest indicator decides. One below 大型 is enough for 中小微; 大型 needs all. The class needs all, but 微型 needs one.
by_trade AS (
    SELECT uscc, trade,
           CASE WHEN min(class) < 4 THEN '中小微' WHEN count(class) = count(*) THEN '大型' END AS size,
           CASE WHEN min(class) = 1 OR count(class) = count(*) THEN min(class) END AS class
    FROM reached
    GROUP BY uscc, trade
),

-- Of a code that may mean several trades every trade must say the same.
by_standard AS MATERIALIZED (
    SELECT uscc,
           CASE WHEN count(size) = count(*) AND min(size) = max(size) THEN min(size) END AS size,
           CASE WHEN count(class) = count(*) AND min(class) = max(class)
                THEN (ARRAY['微型', '小型', '中型', '大型'])[min(class)] END AS class
    FROM by_trade
    GROUP BY uscc
),

-- Where the kind is not known the row may be an ordinary enterprise (0), a branch (1) or a social organisation (2): it is sized
-- as each of them.
as_kind AS (
    SELECT k.*, 0 AS guess, kind IN ('社会团体', '基金会', '社会服务机构', '律师事务所', '会计师事务所', '个体工商户') AS social,
           kind = '分支机构' AS branch
    FROM known k WHERE kind IS NOT NULL
    UNION ALL
    SELECT k.*, guess, guess = 2, guess = 1 FROM known k CROSS JOIN generate_series(0, 2) guess WHERE kind IS NULL
),

-- What the rungs that need a look say, whether or not the row comes to them: NULL where the rung does not answer.
rungs AS (
    SELECT k.*, CASE WHEN branch THEN parent_size END AS of_parent,
           CASE WHEN mean_insured >= 300 THEN '大型' WHEN mean_insured < 300 THEN '中小微' END AS of_count,
           s.size AS of_standard, s.class AS of_standard_class
    FROM as_kind k
    LEFT JOIN by_standard s USING (uscc)
),

-- The ladders: the first rung that answers.
ladders AS (
    SELECT r.*, CASE ladder
        -- 人社部发〔2024〕40号 二 prints no method: as recorded, else a branch's legal entity's (reading); 吉 the same
        WHEN 'recorded' THEN CASE
            WHEN recorded_size IS NOT NULL THEN 'recorded'
            WHEN of_parent IS NOT NULL THEN 'parent'
            WHEN size_when_not_recorded = 'insured_count' AND of_count IS NOT NULL THEN 'insured_count' END
        -- 晋 二: 分支机构按其所属独立法人的类型; 首先 统计部门, 其它参保企业为中小微企业; 其次 现行标准; 最后 平均缴费人数
        WHEN 'statistics' THEN CASE
            WHEN branch THEN CASE WHEN of_parent IS NOT NULL THEN 'parent' END
            WHEN statistics_size IS NOT NULL OR statistics_covers THEN 'statistics_list'
            WHEN of_standard IS NOT NULL THEN 'size_standard'
            WHEN of_count IS NOT NULL THEN 'insured_count' END
        -- 冀 二: 社会团体等 by 平均参保人数 alone; 书面承诺; 2020年度划型; none on record: agency choice
        WHEN 'relief' THEN CASE
            WHEN social THEN CASE WHEN of_count IS NOT NULL THEN 'insured_count' END
            WHEN committed_size IS NOT NULL THEN 'commitment'
            WHEN size_2020 IS NOT NULL THEN 'size_2020'
            WHEN size_when_no_2020 = 'incomplete' THEN NULL
            WHEN recorded_size IS NOT NULL THEN 'recorded'
            WHEN of_parent IS NOT NULL THEN 'parent' END
        -- 鲁 二: 社会团体等参照中小微企业; everybody else as recorded
        WHEN 'by_kind' THEN CASE
            WHEN social THEN 'kind'
            WHEN recorded_size IS NOT NULL THEN 'recorded'
            WHEN of_parent IS NOT NULL THEN 'parent'
            WHEN size_when_not_recorded = 'insured_count' AND of_count IS NOT NULL THEN 'insured_count' END
        -- 兵团 二(一): 待正式对企业划型后按最新数据; 暂未划型时参照社保信息系统
        WHEN 'formal' THEN CASE
            WHEN statistics_size IS NOT NULL THEN 'statistics_list'
            WHEN recorded_size IS NOT NULL THEN 'recorded'
            WHEN of_parent IS NOT NULL THEN 'parent' END
    END AS basis
    FROM rungs r
),

-- What that rung says: 大型, 中小微, or one of 中型, 小型, 微型, which are 中小微 and of a known class.
answered AS (
    SELECT uscc, guess, basis,
           CASE WHEN word IN ('中型', '小型', '微型') THEN '中小微' ELSE word END AS size,
           CASE WHEN word <> '中小微' THEN word WHEN basis = 'size_standard' THEN of_standard_class END AS size_class
    FROM ladders
    CROSS JOIN LATERAL (
        SELECT CASE basis
                   WHEN 'statistics_list' THEN coalesce(statistics_size, '中小微')  -- covered and not named
                   WHEN 'size_standard' THEN of_standard
                   WHEN 'insured_count' THEN of_count
                   WHEN 'parent' THEN parent_size
                   WHEN 'size_2020' THEN size_2020
                   WHEN 'commitment' THEN committed_size
                   WHEN 'recorded' THEN recorded_size
                   WHEN 'kind' THEN '中小微' END AS word
    ) w
),

-- The size is known where it is the same whatever the kind, and so is the class. The basis shown is the ordinary enterprise's.
settled AS (
    SELECT uscc,
           count(size) = count(*) AND min(size) = max(size) AS agreed,
           min(size) AS size,
           CASE WHEN count(size_class) = count(*) AND min(size_class) = max(size_class) THEN min(size_class) END AS size_class,
           min(basis) FILTER (WHERE guess = 0) AS size_basis
    FROM answered
    GROUP BY uscc
),
sized AS (
    SELECT k.*, s.size, s.size_class, s.size_basis FROM known k LEFT JOIN settled s ON s.uscc = k.uscc AND s.agreed
),

-- ---- C. the rules, in the order of the digest ----------------------------------------------------------------------

-- 二: 足额缴纳失业保险费12个月以上. Agency choice: all months up to the day, or the 12 of last year.
paid_in_full AS (
    SELECT s.*, CASE WHEN counted >= months THEN 'PASS' WHEN counted < months THEN 'FAIL' ELSE 'UNKNOWN' END AS paid_in_full
    FROM sized s
    CROSS JOIN LATERAL (
        SELECT CASE paid_months_basis WHEN 'cumulative' THEN paid_months WHEN 'last_year' THEN months_paid_last_year END AS counted
    ) m
),

-- 兵团 二(一): 对申请缓缴失业保险费的企业, 在及时补足后
deferred_paid_up AS (
    SELECT p.*, CASE WHEN asks_deferred THEN
                    CASE deferred_unpaid WHEN '否' THEN 'PASS' WHEN '是' THEN 'FAIL' ELSE 'UNKNOWN' END
                END AS deferred_paid_up
    FROM paid_in_full p
),

-- 二: 裁员率, by the method that the agency chose: numerator and denominator. `at_most`: the numerator where what is not
-- known could only make it smaller (退休, 死亡; the other of two ratios).
layoffs AS MATERIALIZED (
    SELECT d.*, m.*,
           CASE small_unit_headcount WHEN 'mean' THEN mean_insured WHEN 'start' THEN start_insured
                                     WHEN 'end' THEN end_insured END AS headcount
    FROM deferred_paid_up d
    CROSS JOIN LATERAL (
        SELECT claimants AS numerator, claimants AS at_most, mean_insured AS denominator
        WHERE layoff_method = 'claimants_over_mean'
        UNION ALL
        SELECT dismissals, dismissals, mean_insured
        WHERE layoff_method = 'dismissals_over_mean'
        UNION ALL
        SELECT start_insured - end_insured, start_insured - end_insured, start_insured
        WHERE layoff_method = 'net_reduction_over_start'
        UNION ALL
        SELECT start_insured - retired - died - end_insured,
               start_insured - coalesce(retired, 0) - coalesce(died, 0) - end_insured, start_insured
        WHERE layoff_method = 'net_reduction_less_natural_over_start'
        UNION ALL
        SELECT start_insured - end_insured, start_insured - end_insured, mean_insured
        WHERE layoff_method = 'net_reduction_over_mean'
        UNION ALL
        SELECT CASE WHEN start_insured - end_insured < claimants THEN start_insured - end_insured
                    WHEN start_insured - end_insured >= claimants THEN claimants END,  -- both known
               least(start_insured - end_insured, claimants), start_insured        -- what is known of the two
        WHERE layoff_method = 'lower_of_net_and_claimants_over_start'
    ) m
),

-- 未裁员, or 不高于 5.5%, up to 30 (含) 不高于 20%. Compared unrounded: numerator <= limit x denominator.
layoff_rate AS (
    SELECT l.*,
           CASE
               WHEN at_most <= 0 THEN 'PASS'
               WHEN denominator IS NULL OR denominator = 0 THEN 'UNKNOWN'
               WHEN at_most <= limit_usual * denominator THEN 'PASS'
               WHEN at_most <= limit_small * denominator AND headcount <= small_up_to THEN 'PASS'
               WHEN numerator > limit_small * denominator THEN 'FAIL'
               WHEN numerator > limit_usual * denominator AND headcount > small_up_to THEN 'FAIL'
               ELSE 'UNKNOWN'
           END AS layoff_answer,
           CASE WHEN denominator > 0 AND at_most <= 0 THEN 0
                WHEN denominator > 0 THEN numerator / denominator END AS printed_rate
    FROM layoffs l
),

-- 二: 参保企业; 社会团体、基金会、社会服务机构、律师事务所、会计师事务所、以单位形式参保的个体工商户参照实施
kind_covered AS (
    SELECT l.*, CASE WHEN kind IS NULL THEN 'UNKNOWN' WHEN kind = '机关事业单位' THEN 'FAIL' ELSE 'PASS' END AS kind_covered
    FROM layoff_rate l
),

-- 晋 二: 严重违法失信企业; 冀 二: 严重失信, 失信被执行人, 拖欠农民工工资. A list that bars outranks one not checked.
credit AS (
    SELECT k.*, CASE WHEN credit_bars IS NULL THEN NULL WHEN flags && credit_bars THEN 'FAIL'
                     WHEN '?' = ANY (flags) THEN 'UNKNOWN' ELSE 'PASS' END AS credit
    FROM kind_covered k
),

-- 晋 二: 注销、吊销营业执照, 列入经营异常名录等无法正常生产经营; 冀 二: 被列入破产清算或注销名单的"僵尸企业"
registration AS (
    SELECT c.*, CASE WHEN register_bars IS NULL THEN NULL WHEN flags && register_bars THEN 'FAIL'
                     WHEN '?' = ANY (flags) THEN 'UNKNOWN' ELSE 'PASS' END AS registration
    FROM credit c
),

-- 二: 政策执行期限至2024年12月31日; from 2024-01-01 (reading), both days in
within_period AS (
    SELECT r.*, CASE WHEN day IS NULL THEN 'UNKNOWN' WHEN day BETWEEN first_day AND last_day THEN 'PASS'
                     ELSE 'FAIL' END AS within_period
    FROM registration r
),

-- 五, 晋 五, 鲁 三, 兵团 二(一), 吉 二: 劳务派遣单位主动申请, never 免申即享
dispatch_applies_itself AS (
    SELECT w.*, CASE WHEN dispatch THEN CASE channel WHEN '自主申请' THEN 'PASS' WHEN '免申即享' THEN 'FAIL'
                     ELSE 'UNKNOWN' END END AS dispatch_applies_itself
    FROM within_period w
),

-- 晋 五, 吉 二: 劳务派遣单位未按规定使用和拨付的, 取消下一年度申领资格
dispatch_not_banned AS (
    SELECT d.*, CASE WHEN asks_misuse AND dispatch THEN CASE WHEN dispatch_banned THEN 'FAIL' ELSE 'PASS' END
                END AS dispatch_not_banned
    FROM dispatch_applies_itself d
),

size_known AS (
    SELECT d.*, CASE WHEN size IS NULL THEN 'UNKNOWN' ELSE 'PASS' END AS size_known FROM dispatch_not_banned d
),

-- ---- base, amount, payee -------------------------------------------------------------------------------------------

-- 二: 企业及其职工上年度实际缴纳失业保险费, and of earlier years' arrears where they count; less what was given back; less,
-- of a 劳务派遣单位, what was paid for workers at 机关事业单位 (晋 五, 鲁 三, 吉 二). 滞纳金 never. Any figure of these not
-- known: not known.
base AS MATERIALIZED (
    SELECT s.*, CASE WHEN b.sum < 0 THEN 0 ELSE b.sum END AS base,
           CASE WHEN b.sum IS NULL THEN 'UNKNOWN' ELSE 'PASS' END AS base_known
    FROM size_known s
    CROSS JOIN LATERAL (
        SELECT paid_normal + CASE WHEN arrears_count THEN paid_arrears ELSE 0 END + late_arrivals - refunded
               - CASE WHEN dispatch THEN paid_for_public_hosts ELSE 0 END AS sum
    ) b
),

-- FAIL outranks UNKNOWN.
outcome AS (
    SELECT b.*, a.failed, a.unknown,
           CASE WHEN a.failed IS NOT NULL THEN 'ineligible' WHEN a.unknown IS NOT NULL THEN 'incomplete'
                ELSE 'eligible' END AS outcome,
           CASE size WHEN '大型' THEN ratio_large WHEN '中小微' THEN ratio_sme END AS rate
    FROM base b
    CROSS JOIN LATERAL (
        SELECT string_agg(code, ';' ORDER BY place) FILTER (WHERE answer = 'FAIL') AS failed,
               string_agg(code, ';' ORDER BY place) FILTER (WHERE answer = 'UNKNOWN') AS unknown
        FROM (VALUES
            (1, 'paid_in_full', paid_in_full), (2, 'deferred_paid_up', deferred_paid_up),
            (3, 'layoff_rate', layoff_answer), (4, 'kind_covered', kind_covered), (5, 'credit', credit),
            (6, 'registration', registration), (7, 'within_period', within_period),
            (8, 'dispatch_applies_itself', dispatch_applies_itself), (9, 'dispatch_not_banned', dispatch_not_banned),
            (10, 'size_known', size_known), (11, 'base_known', base_known)
        ) rule (place, code, answer)
    ) a
),

-- 五: the corporate account; 没有对公账户的小微企业 the account that it pays social insurance from (税务部门协助提供). 中型 is not
-- 小微; a class not known, an account not known, and 注销 (nobody to pay) are held for a person.
payee AS (
    SELECT o.*, CASE WHEN '注销' = ANY (flags) THEN 'held'
                     WHEN account = '是' THEN 'corporate'
                     WHEN account = '否' AND size_class IN ('小型', '微型') AND tax_account = '是' THEN 'tax'
                     ELSE 'held' END AS payee
    FROM outcome o
)

-- The amount is rounded once, at the end, half up to the fen; the rate is shown with six decimals, a growth of staff as 0.
SELECT uscc, size, size_class, size_basis,
       round(CASE WHEN printed_rate < 0 THEN 0 ELSE printed_rate END, 6) AS layoff_rate, layoff_method,
       base, rate, CASE WHEN outcome = 'eligible' THEN round(base * rate, 2) END AS amount, payee,
       outcome, failed, unknown
FROM payee
