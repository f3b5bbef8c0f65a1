"""The headers of the files in Croatian, Czech, Ukrainian and Russian; see `vocabulary`."""

from __future__ import annotations

SLAVIC: dict[str, str] = {
    "hr": """
reference: broj rezervacije
confirmation_code: potvrdni kod | kod potvrde | kôd potvrde
booked_by: nositelj rezervacije | rezervirao
guest_names: ime(na) gosta | ime gosta | imena gostiju | gost
check_in: prijava | dolazak | datum prijave | datum dolaska | datum početka
check_out: odjava | odlazak | datum odjave | datum odlaska | datum završetka
booked_on: rezervirano | datum rezervacije
status: status | status rezervacije
rooms: jedinice | sobe | broj soba
persons: osobe | gosti | broj osoba
adults: odrasli | odrasle osobe | broj odraslih
children: djeca | broj djece
infants: bebe | dojenčad | broj beba
children_ages: dob djece
price: cijena | ukupna cijena
commission_percent: provizija %
commission_amount: iznos provizije
payment_status: status plaćanja
payment_method: način plaćanja (pružatelj usluga naplate) | način plaćanja
remarks: napomene
booker_group: booker group | grupa
country: booker country | zemlja gosta | država gosta
purpose: svrha putovanja
device: uređaj
unit_type: vrsta jedinice | vrsta sobe | tip jedinice
listing: oglas | smještaj
nights: trajanje (noćenja) | broj noćenja | noćenja
cancelled_on: datum otkazivanja
address: adresa
phone: broj telefona | kontakt | telefon
property_name: naziv objekta
location: lokacija
total_payment: ukupno plaćanje | ukupna uplata
commission: provizija
currency: valuta
invoice_number: broj računa
transaction_type: vrsta | vrsta transakcije
earnings: zarada
amount: iznos
service_fee: naknada za uslugu
cleaning_fee: naknada za čišćenje
gross_earnings: bruto zarada
paid_out: isplaćeno
details: detalji
posted_on: datum
""",
    "cs": """
reference: číslo rezervace | rezervační číslo
confirmation_code: potvrzovací kód | kód potvrzení
booked_by: rezervoval(a) | rezervoval | kdo rezervoval | jméno osoby, která rezervovala
guest_names: jméno hosta | jméno hosta/hostů | jméno (jména) hosta | jména hostů | jméno/jména hosta | host
check_in: příjezd | check-in | datum příjezdu | datum začátku | začátek pobytu
check_out: odjezd | check-out | datum odjezdu | datum ukončení | konec pobytu
booked_on: rezervováno | datum rezervace | rezervováno dne
status: stav | stav rezervace | status
rooms: pokoje | jednotky | počet pokojů
persons: osoby | počet osob | hosté
adults: dospělí | počet dospělých
children: děti | počet dětí
infants: nemluvňata | počet nemluvňat | kojenci
children_ages: věk dětí | věk dítěte/dětí
price: cena | celková cena
commission_percent: provize %
commission_amount: výše provize | částka provize
payment_status: stav platby
payment_method: způsob platby (poskytovatel platebních služeb) | způsob platby (poskytovatel plateb) | způsob platby
remarks: poznámky | poznámka
booker_group: skupina
country: země hosta | země rezervujícího | země osoby, která rezervovala
purpose: účel cesty
device: zařízení
unit_type: typ jednotky | typ pokoje | typ ubytování
listing: nabídka
nights: délka pobytu (noci) | délka (noci) | počet nocí | noci
cancelled_on: datum zrušení | datum storna
address: adresa
phone: telefonní číslo | kontakt | telefon
property_name: název ubytování
location: lokalita | poloha
total_payment: celková platba
commission: provize
currency: měna
invoice_number: číslo faktury
transaction_type: typ | typ transakce
earnings: výdělek | výdělky
amount: částka
service_fee: servisní poplatek
cleaning_fee: poplatek za úklid
gross_earnings: hrubý výdělek
paid_out: vyplaceno
details: podrobnosti
posted_on: datum
""",
    "uk": """
reference: номер бронювання
confirmation_code: код підтвердження
booked_by: заброньовано ким | ким заброньовано | хто забронював | забронював | ім'я бронювальника
guest_names: ім'я гостя | ім'я (імена) гостя | імена гостей | ім'я гостя (гостей) | гість
check_in: заїзд | прибуття | дата заїзду | дата прибуття | дата початку
check_out: виїзд | від'їзд | дата виїзду | дата від'їзду | дата завершення
booked_on: заброньовано | дата бронювання
status: статус | статус бронювання
rooms: номери | кількість номерів | помешкання
persons: особи | гості | кількість осіб | кількість гостей
adults: дорослі | кількість дорослих
children: діти | кількість дітей
infants: немовлята | кількість немовлят
children_ages: вік дітей | вік дитини/дітей
price: ціна | загальна ціна
commission_percent: комісія % | комісія, %
commission_amount: сума комісії
payment_status: статус оплати | статус платежу
payment_method: спосіб оплати (постачальник платіжних послуг) | спосіб оплати (платіжний провайдер) | спосіб оплати
remarks: примітки | зауваження
booker_group: група
country: країна гостя | країна бронювальника
purpose: мета поїздки
device: пристрій
unit_type: тип номера | тип помешкання | тип номеру
listing: оголошення
nights: тривалість (ночей) | тривалість (ночі) | кількість ночей | тривалість перебування (ночі)
cancelled_on: дата скасування
address: адреса
phone: номер телефону | контакт | телефон
property_name: назва помешкання
location: розташування
total_payment: загальна сума
commission: комісія
currency: валюта
invoice_number: номер рахунка
transaction_type: тип | тип операції
earnings: дохід | заробіток
amount: сума
service_fee: сервісний збір
cleaning_fee: плата за прибирання
gross_earnings: валовий дохід
paid_out: виплачено
details: деталі
posted_on: дата
""",
    "ru": """
reference: номер бронирования
confirmation_code: код подтверждения
booked_by: кем забронировано | забронировано кем | кто забронировал | имя бронировавшего | забронировал
guest_names: имя гостя | имя (имена) гостя | имена гостей | имя гостя (гостей) | гость | имя гостя/гостей
check_in: заезд | прибытие | дата заезда | дата прибытия | дата начала
check_out: отъезд | выезд | дата отъезда | дата выезда | дата окончания
booked_on: забронировано | дата бронирования
status: статус | статус бронирования
rooms: номера | количество номеров | варианты размещения
persons: человек | гости | количество гостей | количество человек
adults: взрослые | количество взрослых | взрослых
children: дети | количество детей | детей
infants: младенцы | количество младенцев
children_ages: возраст детей | возраст ребенка/детей
price: цена | стоимость | общая стоимость
commission_percent: комиссия % | комиссия, %
commission_amount: сумма комиссии
payment_status: статус оплаты | статус платежа
payment_method: способ оплаты (поставщик платежных услуг) | способ оплаты (платежный провайдер) | способ оплаты
remarks: примечания | комментарии
booker_group: группа
country: страна гостя | страна бронировавшего
purpose: цель поездки
device: устройство
unit_type: тип номера | тип размещения | вариант размещения
listing: объявление
nights: продолжительность (ночей) | длительность (ночей) | количество ночей | продолжительность проживания (ночей)
cancelled_on: дата отмены
address: адрес
phone: номер телефона | контакт | телефон
property_name: название объекта | название объекта размещения
location: местоположение
total_payment: общая сумма
commission: комиссия
currency: валюта
invoice_number: номер счета
transaction_type: тип | тип операции
earnings: доход | заработок
amount: сумма
service_fee: сервисный сбор
cleaning_fee: плата за уборку
gross_earnings: валовой доход
paid_out: выплачено
details: подробности
posted_on: дата
""",
}
