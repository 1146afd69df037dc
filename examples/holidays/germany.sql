-- Public holidays of Germany, 2026 to 2035: lists to copy.
--
-- List "de" has those of the whole country; each Land has a list of its own, de-bw to
-- de-th, with its further days.  A desk in Munich:
--
--     SELECT taskq_calendar_set('Munich', 'Europe/Berlin', 'Mon-Fri 09:00-17:00', '{de,de-by}');
--
-- Fixed by law: which days they are.  3 October by federal law (Einigungsvertrag, article
-- 2 (2)), all others by the laws of the Länder on Sundays and public holidays
-- (Feiertagsgesetze); nine days are the same everywhere.  Computed: the dates that depend
-- on Easter (Gregorian computus: Good Friday -2 days, Easter Monday +1, Ascension +39, Whit
-- Monday +50, Corpus Christi +60) and Buß- und Bettag, the Wednesday before 23 November.
-- Holidays in some municipalities only are in lists of their own, after those of the Länder.
-- Laws change, and Länder add single days: look at this file again now and then.

-- The whole country
INSERT INTO taskq_holiday (list, day, yearly, label) VALUES
    ('de', '2000-01-01', true, 'Neujahr'),
    ('de', '2000-05-01', true, 'Tag der Arbeit'),
    ('de', '2000-10-03', true, 'Tag der Deutschen Einheit'),
    ('de', '2000-12-25', true, '1. Weihnachtstag'),
    ('de', '2000-12-26', true, '2. Weihnachtstag'),
    ('de', '2026-04-03', false, 'Karfreitag'),
    ('de', '2027-03-26', false, 'Karfreitag'),
    ('de', '2028-04-14', false, 'Karfreitag'),
    ('de', '2029-03-30', false, 'Karfreitag'),
    ('de', '2030-04-19', false, 'Karfreitag'),
    ('de', '2031-04-11', false, 'Karfreitag'),
    ('de', '2032-03-26', false, 'Karfreitag'),
    ('de', '2033-04-15', false, 'Karfreitag'),
    ('de', '2034-04-07', false, 'Karfreitag'),
    ('de', '2035-03-23', false, 'Karfreitag'),
    ('de', '2026-04-06', false, 'Ostermontag'),
    ('de', '2027-03-29', false, 'Ostermontag'),
    ('de', '2028-04-17', false, 'Ostermontag'),
    ('de', '2029-04-02', false, 'Ostermontag'),
    ('de', '2030-04-22', false, 'Ostermontag'),
    ('de', '2031-04-14', false, 'Ostermontag'),
    ('de', '2032-03-29', false, 'Ostermontag'),
    ('de', '2033-04-18', false, 'Ostermontag'),
    ('de', '2034-04-10', false, 'Ostermontag'),
    ('de', '2035-03-26', false, 'Ostermontag'),
    ('de', '2026-05-14', false, 'Christi Himmelfahrt'),
    ('de', '2027-05-06', false, 'Christi Himmelfahrt'),
    ('de', '2028-05-25', false, 'Christi Himmelfahrt'),
    ('de', '2029-05-10', false, 'Christi Himmelfahrt'),
    ('de', '2030-05-30', false, 'Christi Himmelfahrt'),
    ('de', '2031-05-22', false, 'Christi Himmelfahrt'),
    ('de', '2032-05-06', false, 'Christi Himmelfahrt'),
    ('de', '2033-05-26', false, 'Christi Himmelfahrt'),
    ('de', '2034-05-18', false, 'Christi Himmelfahrt'),
    ('de', '2035-05-03', false, 'Christi Himmelfahrt'),
    ('de', '2026-05-25', false, 'Pfingstmontag'),
    ('de', '2027-05-17', false, 'Pfingstmontag'),
    ('de', '2028-06-05', false, 'Pfingstmontag'),
    ('de', '2029-05-21', false, 'Pfingstmontag'),
    ('de', '2030-06-10', false, 'Pfingstmontag'),
    ('de', '2031-06-02', false, 'Pfingstmontag'),
    ('de', '2032-05-17', false, 'Pfingstmontag'),
    ('de', '2033-06-06', false, 'Pfingstmontag'),
    ('de', '2034-05-29', false, 'Pfingstmontag'),
    ('de', '2035-05-14', false, 'Pfingstmontag');

-- Baden-Württemberg
INSERT INTO taskq_holiday (list, day, yearly, label) VALUES
    ('de-bw', '2000-01-06', true, 'Heilige Drei Könige'),
    ('de-bw', '2000-11-01', true, 'Allerheiligen'),
    ('de-bw', '2026-06-04', false, 'Fronleichnam'),
    ('de-bw', '2027-05-27', false, 'Fronleichnam'),
    ('de-bw', '2028-06-15', false, 'Fronleichnam'),
    ('de-bw', '2029-05-31', false, 'Fronleichnam'),
    ('de-bw', '2030-06-20', false, 'Fronleichnam'),
    ('de-bw', '2031-06-12', false, 'Fronleichnam'),
    ('de-bw', '2032-05-27', false, 'Fronleichnam'),
    ('de-bw', '2033-06-16', false, 'Fronleichnam'),
    ('de-bw', '2034-06-08', false, 'Fronleichnam'),
    ('de-bw', '2035-05-24', false, 'Fronleichnam');

-- Bayern
INSERT INTO taskq_holiday (list, day, yearly, label) VALUES
    ('de-by', '2000-01-06', true, 'Heilige Drei Könige'),
    ('de-by', '2000-11-01', true, 'Allerheiligen'),
    ('de-by', '2026-06-04', false, 'Fronleichnam'),
    ('de-by', '2027-05-27', false, 'Fronleichnam'),
    ('de-by', '2028-06-15', false, 'Fronleichnam'),
    ('de-by', '2029-05-31', false, 'Fronleichnam'),
    ('de-by', '2030-06-20', false, 'Fronleichnam'),
    ('de-by', '2031-06-12', false, 'Fronleichnam'),
    ('de-by', '2032-05-27', false, 'Fronleichnam'),
    ('de-by', '2033-06-16', false, 'Fronleichnam'),
    ('de-by', '2034-06-08', false, 'Fronleichnam'),
    ('de-by', '2035-05-24', false, 'Fronleichnam');

-- Berlin
INSERT INTO taskq_holiday (list, day, yearly, label) VALUES
    ('de-be', '2000-03-08', true, 'Internationaler Frauentag'),
    ('de-be', '2028-06-17', false, '75. Jahrestag des Volksaufstandes vom 17. Juni 1953');

-- Brandenburg
INSERT INTO taskq_holiday (list, day, yearly, label) VALUES
    ('de-bb', '2000-10-31', true, 'Reformationstag'),
    ('de-bb', '2026-04-05', false, 'Ostersonntag'),
    ('de-bb', '2027-03-28', false, 'Ostersonntag'),
    ('de-bb', '2028-04-16', false, 'Ostersonntag'),
    ('de-bb', '2029-04-01', false, 'Ostersonntag'),
    ('de-bb', '2030-04-21', false, 'Ostersonntag'),
    ('de-bb', '2031-04-13', false, 'Ostersonntag'),
    ('de-bb', '2032-03-28', false, 'Ostersonntag'),
    ('de-bb', '2033-04-17', false, 'Ostersonntag'),
    ('de-bb', '2034-04-09', false, 'Ostersonntag'),
    ('de-bb', '2035-03-25', false, 'Ostersonntag'),
    ('de-bb', '2026-05-24', false, 'Pfingstsonntag'),
    ('de-bb', '2027-05-16', false, 'Pfingstsonntag'),
    ('de-bb', '2028-06-04', false, 'Pfingstsonntag'),
    ('de-bb', '2029-05-20', false, 'Pfingstsonntag'),
    ('de-bb', '2030-06-09', false, 'Pfingstsonntag'),
    ('de-bb', '2031-06-01', false, 'Pfingstsonntag'),
    ('de-bb', '2032-05-16', false, 'Pfingstsonntag'),
    ('de-bb', '2033-06-05', false, 'Pfingstsonntag'),
    ('de-bb', '2034-05-28', false, 'Pfingstsonntag'),
    ('de-bb', '2035-05-13', false, 'Pfingstsonntag');

-- Bremen
INSERT INTO taskq_holiday (list, day, yearly, label) VALUES
    ('de-hb', '2000-10-31', true, 'Reformationstag');

-- Hamburg
INSERT INTO taskq_holiday (list, day, yearly, label) VALUES
    ('de-hh', '2000-10-31', true, 'Reformationstag');

-- Hessen
INSERT INTO taskq_holiday (list, day, yearly, label) VALUES
    ('de-he', '2026-06-04', false, 'Fronleichnam'),
    ('de-he', '2027-05-27', false, 'Fronleichnam'),
    ('de-he', '2028-06-15', false, 'Fronleichnam'),
    ('de-he', '2029-05-31', false, 'Fronleichnam'),
    ('de-he', '2030-06-20', false, 'Fronleichnam'),
    ('de-he', '2031-06-12', false, 'Fronleichnam'),
    ('de-he', '2032-05-27', false, 'Fronleichnam'),
    ('de-he', '2033-06-16', false, 'Fronleichnam'),
    ('de-he', '2034-06-08', false, 'Fronleichnam'),
    ('de-he', '2035-05-24', false, 'Fronleichnam');

-- Mecklenburg-Vorpommern
INSERT INTO taskq_holiday (list, day, yearly, label) VALUES
    ('de-mv', '2000-03-08', true, 'Internationaler Frauentag'),
    ('de-mv', '2000-10-31', true, 'Reformationstag');

-- Niedersachsen
INSERT INTO taskq_holiday (list, day, yearly, label) VALUES
    ('de-ni', '2000-10-31', true, 'Reformationstag');

-- Nordrhein-Westfalen
INSERT INTO taskq_holiday (list, day, yearly, label) VALUES
    ('de-nw', '2000-11-01', true, 'Allerheiligen'),
    ('de-nw', '2026-06-04', false, 'Fronleichnam'),
    ('de-nw', '2027-05-27', false, 'Fronleichnam'),
    ('de-nw', '2028-06-15', false, 'Fronleichnam'),
    ('de-nw', '2029-05-31', false, 'Fronleichnam'),
    ('de-nw', '2030-06-20', false, 'Fronleichnam'),
    ('de-nw', '2031-06-12', false, 'Fronleichnam'),
    ('de-nw', '2032-05-27', false, 'Fronleichnam'),
    ('de-nw', '2033-06-16', false, 'Fronleichnam'),
    ('de-nw', '2034-06-08', false, 'Fronleichnam'),
    ('de-nw', '2035-05-24', false, 'Fronleichnam');

-- Rheinland-Pfalz
INSERT INTO taskq_holiday (list, day, yearly, label) VALUES
    ('de-rp', '2000-11-01', true, 'Allerheiligen'),
    ('de-rp', '2026-06-04', false, 'Fronleichnam'),
    ('de-rp', '2027-05-27', false, 'Fronleichnam'),
    ('de-rp', '2028-06-15', false, 'Fronleichnam'),
    ('de-rp', '2029-05-31', false, 'Fronleichnam'),
    ('de-rp', '2030-06-20', false, 'Fronleichnam'),
    ('de-rp', '2031-06-12', false, 'Fronleichnam'),
    ('de-rp', '2032-05-27', false, 'Fronleichnam'),
    ('de-rp', '2033-06-16', false, 'Fronleichnam'),
    ('de-rp', '2034-06-08', false, 'Fronleichnam'),
    ('de-rp', '2035-05-24', false, 'Fronleichnam');

-- Saarland
INSERT INTO taskq_holiday (list, day, yearly, label) VALUES
    ('de-sl', '2000-08-15', true, 'Mariä Himmelfahrt'),
    ('de-sl', '2000-11-01', true, 'Allerheiligen'),
    ('de-sl', '2026-06-04', false, 'Fronleichnam'),
    ('de-sl', '2027-05-27', false, 'Fronleichnam'),
    ('de-sl', '2028-06-15', false, 'Fronleichnam'),
    ('de-sl', '2029-05-31', false, 'Fronleichnam'),
    ('de-sl', '2030-06-20', false, 'Fronleichnam'),
    ('de-sl', '2031-06-12', false, 'Fronleichnam'),
    ('de-sl', '2032-05-27', false, 'Fronleichnam'),
    ('de-sl', '2033-06-16', false, 'Fronleichnam'),
    ('de-sl', '2034-06-08', false, 'Fronleichnam'),
    ('de-sl', '2035-05-24', false, 'Fronleichnam');

-- Sachsen
INSERT INTO taskq_holiday (list, day, yearly, label) VALUES
    ('de-sn', '2000-10-31', true, 'Reformationstag'),
    ('de-sn', '2026-11-18', false, 'Buß- und Bettag'),
    ('de-sn', '2027-11-17', false, 'Buß- und Bettag'),
    ('de-sn', '2028-11-22', false, 'Buß- und Bettag'),
    ('de-sn', '2029-11-21', false, 'Buß- und Bettag'),
    ('de-sn', '2030-11-20', false, 'Buß- und Bettag'),
    ('de-sn', '2031-11-19', false, 'Buß- und Bettag'),
    ('de-sn', '2032-11-17', false, 'Buß- und Bettag'),
    ('de-sn', '2033-11-16', false, 'Buß- und Bettag'),
    ('de-sn', '2034-11-22', false, 'Buß- und Bettag'),
    ('de-sn', '2035-11-21', false, 'Buß- und Bettag');

-- Sachsen-Anhalt
INSERT INTO taskq_holiday (list, day, yearly, label) VALUES
    ('de-st', '2000-01-06', true, 'Heilige Drei Könige'),
    ('de-st', '2000-10-31', true, 'Reformationstag');

-- Schleswig-Holstein
INSERT INTO taskq_holiday (list, day, yearly, label) VALUES
    ('de-sh', '2000-10-31', true, 'Reformationstag');

-- Thüringen
INSERT INTO taskq_holiday (list, day, yearly, label) VALUES
    ('de-th', '2000-09-20', true, 'Weltkindertag'),
    ('de-th', '2000-10-31', true, 'Reformationstag');

-- Bayern, where most are Catholic; the city of Augsburg
INSERT INTO taskq_holiday (list, day, yearly, label) VALUES
    ('de-by-catholic', '2000-08-15', true, 'Mariä Himmelfahrt'),
    ('de-by-augsburg', '2000-08-08', true, 'Augsburger Friedensfest');

-- Corpus Christi in some municipalities of Sachsen and Thüringen
INSERT INTO taskq_holiday (list, day, yearly, label) VALUES
    ('de-sn-th-catholic', '2026-06-04', false, 'Fronleichnam'),
    ('de-sn-th-catholic', '2027-05-27', false, 'Fronleichnam'),
    ('de-sn-th-catholic', '2028-06-15', false, 'Fronleichnam'),
    ('de-sn-th-catholic', '2029-05-31', false, 'Fronleichnam'),
    ('de-sn-th-catholic', '2030-06-20', false, 'Fronleichnam'),
    ('de-sn-th-catholic', '2031-06-12', false, 'Fronleichnam'),
    ('de-sn-th-catholic', '2032-05-27', false, 'Fronleichnam'),
    ('de-sn-th-catholic', '2033-06-16', false, 'Fronleichnam'),
    ('de-sn-th-catholic', '2034-06-08', false, 'Fronleichnam'),
    ('de-sn-th-catholic', '2035-05-24', false, 'Fronleichnam');
