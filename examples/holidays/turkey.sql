-- Public holidays of Turkey, 2026 to 2035: a list to copy.
--
--     SELECT taskq_calendar_set('Istanbul', 'Europe/Istanbul', 'Mon-Fri 09:00-18:00', '{tr}');
--
-- Fixed by law: which days they are (Law 2429 on the national day and public holidays), those on
-- the same date every year, and that work ends at 13:00 on 28 October and on the eve (arife)
-- of both feasts.  Officially announced: the feasts of 2026 (calendar of religious days of the
-- Presidency of Religious Affairs, Diyanet).  Forecast: the feasts from 2027 on, computed by the Umm
-- al-Qura calendar; Diyanet announces them year by year, and they may be a day earlier or later.
--
-- A holiday says all there is for its day: half days are given from 09:00 to 13:00, and only those
-- that fall on Monday to Friday and are not a holiday anyway.  A desk that opens at another
-- time, or on Saturdays, has to change them.

-- Every year
INSERT INTO taskq_holiday (list, day, yearly, label) VALUES
    ('tr', '2000-01-01', true, 'Yılbaşı'),
    ('tr', '2000-04-23', true, 'Ulusal Egemenlik ve Çocuk Bayramı'),
    ('tr', '2000-05-01', true, 'Emek ve Dayanışma Günü'),
    ('tr', '2000-05-19', true, 'Atatürk''ü Anma, Gençlik ve Spor Bayramı'),
    ('tr', '2000-07-15', true, 'Demokrasi ve Milli Birlik Günü'),
    ('tr', '2000-08-30', true, 'Zafer Bayramı'),
    ('tr', '2000-10-29', true, 'Cumhuriyet Bayramı');

-- Feasts
INSERT INTO taskq_holiday (list, day, yearly, label) VALUES
    ('tr', '2026-03-20', false, 'Ramazan Bayramı'),
    ('tr', '2026-03-21', false, 'Ramazan Bayramı'),
    ('tr', '2026-03-22', false, 'Ramazan Bayramı'),
    ('tr', '2026-05-27', false, 'Kurban Bayramı'),
    ('tr', '2026-05-28', false, 'Kurban Bayramı'),
    ('tr', '2026-05-29', false, 'Kurban Bayramı'),
    ('tr', '2026-05-30', false, 'Kurban Bayramı'),
    ('tr', '2027-03-09', false, 'Ramazan Bayramı'),
    ('tr', '2027-03-10', false, 'Ramazan Bayramı'),
    ('tr', '2027-03-11', false, 'Ramazan Bayramı'),
    ('tr', '2027-05-16', false, 'Kurban Bayramı'),
    ('tr', '2027-05-17', false, 'Kurban Bayramı'),
    ('tr', '2027-05-18', false, 'Kurban Bayramı'),
    ('tr', '2027-05-19', false, 'Kurban Bayramı'),
    ('tr', '2028-02-26', false, 'Ramazan Bayramı'),
    ('tr', '2028-02-27', false, 'Ramazan Bayramı'),
    ('tr', '2028-02-28', false, 'Ramazan Bayramı'),
    ('tr', '2028-05-05', false, 'Kurban Bayramı'),
    ('tr', '2028-05-06', false, 'Kurban Bayramı'),
    ('tr', '2028-05-07', false, 'Kurban Bayramı'),
    ('tr', '2028-05-08', false, 'Kurban Bayramı'),
    ('tr', '2029-02-14', false, 'Ramazan Bayramı'),
    ('tr', '2029-02-15', false, 'Ramazan Bayramı'),
    ('tr', '2029-02-16', false, 'Ramazan Bayramı'),
    ('tr', '2029-04-24', false, 'Kurban Bayramı'),
    ('tr', '2029-04-25', false, 'Kurban Bayramı'),
    ('tr', '2029-04-26', false, 'Kurban Bayramı'),
    ('tr', '2029-04-27', false, 'Kurban Bayramı'),
    ('tr', '2030-02-04', false, 'Ramazan Bayramı'),
    ('tr', '2030-02-05', false, 'Ramazan Bayramı'),
    ('tr', '2030-02-06', false, 'Ramazan Bayramı'),
    ('tr', '2030-04-13', false, 'Kurban Bayramı'),
    ('tr', '2030-04-14', false, 'Kurban Bayramı'),
    ('tr', '2030-04-15', false, 'Kurban Bayramı'),
    ('tr', '2030-04-16', false, 'Kurban Bayramı'),
    ('tr', '2031-01-24', false, 'Ramazan Bayramı'),
    ('tr', '2031-01-25', false, 'Ramazan Bayramı'),
    ('tr', '2031-01-26', false, 'Ramazan Bayramı'),
    ('tr', '2031-04-02', false, 'Kurban Bayramı'),
    ('tr', '2031-04-03', false, 'Kurban Bayramı'),
    ('tr', '2031-04-04', false, 'Kurban Bayramı'),
    ('tr', '2031-04-05', false, 'Kurban Bayramı'),
    ('tr', '2032-01-14', false, 'Ramazan Bayramı'),
    ('tr', '2032-01-15', false, 'Ramazan Bayramı'),
    ('tr', '2032-01-16', false, 'Ramazan Bayramı'),
    ('tr', '2032-03-22', false, 'Kurban Bayramı'),
    ('tr', '2032-03-23', false, 'Kurban Bayramı'),
    ('tr', '2032-03-24', false, 'Kurban Bayramı'),
    ('tr', '2032-03-25', false, 'Kurban Bayramı'),
    ('tr', '2033-01-03', false, 'Ramazan Bayramı'),
    ('tr', '2033-01-04', false, 'Ramazan Bayramı'),
    ('tr', '2033-01-05', false, 'Ramazan Bayramı'),
    ('tr', '2033-03-12', false, 'Kurban Bayramı'),
    ('tr', '2033-03-13', false, 'Kurban Bayramı'),
    ('tr', '2033-03-14', false, 'Kurban Bayramı'),
    ('tr', '2033-03-15', false, 'Kurban Bayramı'),
    ('tr', '2033-12-23', false, 'Ramazan Bayramı'),
    ('tr', '2033-12-24', false, 'Ramazan Bayramı'),
    ('tr', '2033-12-25', false, 'Ramazan Bayramı'),
    ('tr', '2034-03-01', false, 'Kurban Bayramı'),
    ('tr', '2034-03-02', false, 'Kurban Bayramı'),
    ('tr', '2034-03-03', false, 'Kurban Bayramı'),
    ('tr', '2034-03-04', false, 'Kurban Bayramı'),
    ('tr', '2034-12-12', false, 'Ramazan Bayramı'),
    ('tr', '2034-12-13', false, 'Ramazan Bayramı'),
    ('tr', '2034-12-14', false, 'Ramazan Bayramı'),
    ('tr', '2035-02-19', false, 'Kurban Bayramı'),
    ('tr', '2035-02-20', false, 'Kurban Bayramı'),
    ('tr', '2035-02-21', false, 'Kurban Bayramı'),
    ('tr', '2035-02-22', false, 'Kurban Bayramı'),
    ('tr', '2035-12-01', false, 'Ramazan Bayramı'),
    ('tr', '2035-12-02', false, 'Ramazan Bayramı'),
    ('tr', '2035-12-03', false, 'Ramazan Bayramı');

-- Half days
INSERT INTO taskq_holiday (list, day, opens, closes, label) VALUES
    ('tr', '2026-03-19', '09:00', '13:00', 'Ramazan Bayramı arifesi'),
    ('tr', '2026-05-26', '09:00', '13:00', 'Kurban Bayramı arifesi'),
    ('tr', '2026-10-28', '09:00', '13:00', 'Cumhuriyet Bayramı arifesi'),
    ('tr', '2027-03-08', '09:00', '13:00', 'Ramazan Bayramı arifesi'),
    ('tr', '2027-10-28', '09:00', '13:00', 'Cumhuriyet Bayramı arifesi'),
    ('tr', '2028-02-25', '09:00', '13:00', 'Ramazan Bayramı arifesi'),
    ('tr', '2028-05-04', '09:00', '13:00', 'Kurban Bayramı arifesi'),
    ('tr', '2029-02-13', '09:00', '13:00', 'Ramazan Bayramı arifesi'),
    ('tr', '2030-04-12', '09:00', '13:00', 'Kurban Bayramı arifesi'),
    ('tr', '2030-10-28', '09:00', '13:00', 'Cumhuriyet Bayramı arifesi'),
    ('tr', '2031-01-23', '09:00', '13:00', 'Ramazan Bayramı arifesi'),
    ('tr', '2031-04-01', '09:00', '13:00', 'Kurban Bayramı arifesi'),
    ('tr', '2031-10-28', '09:00', '13:00', 'Cumhuriyet Bayramı arifesi'),
    ('tr', '2032-01-13', '09:00', '13:00', 'Ramazan Bayramı arifesi'),
    ('tr', '2032-10-28', '09:00', '13:00', 'Cumhuriyet Bayramı arifesi'),
    ('tr', '2033-03-11', '09:00', '13:00', 'Kurban Bayramı arifesi'),
    ('tr', '2033-10-28', '09:00', '13:00', 'Cumhuriyet Bayramı arifesi'),
    ('tr', '2033-12-22', '09:00', '13:00', 'Ramazan Bayramı arifesi'),
    ('tr', '2034-02-28', '09:00', '13:00', 'Kurban Bayramı arifesi'),
    ('tr', '2034-12-11', '09:00', '13:00', 'Ramazan Bayramı arifesi'),
    ('tr', '2035-11-30', '09:00', '13:00', 'Ramazan Bayramı arifesi');
