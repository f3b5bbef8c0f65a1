"""The headers of the files, per language, as data: `field: header | other header`.

Written as people read them; compared without accents, case and odd spaces (`spoken_dates.fold`). English and Croatian are as
seen in files; the others follow the words of the sites' own pages, with the variants that hosts report. A header that is
not here is shown to the person, who says once what it means.
"""

from __future__ import annotations

from .vocabulary_slavic import SLAVIC

TABLES: dict[str, str] = {
    "en": """
reference: book number | booking number | reservation number | reference number | booking id
confirmation_code: confirmation code
booked_by: booked by | booker name | booker
guest_names: guest name(s) | guest names | guest name | guest
check_in: check-in | arrival | check-in date | start date | checkin | arrival date
check_out: check-out | departure | check-out date | end date | checkout | departure date
booked_on: booked on | booked | booking date | reservation date
status: status | reservation status
rooms: rooms | units
persons: persons | people | guests | number of guests
adults: adults | # of adults
children: children | # of children
infants: infants | # of infants
children_ages: children's age(s) | children's ages | age of children
price: price | total price
commission_percent: commission %
commission_amount: commission amount
payment_status: payment status
payment_method: payment method (payment provider) | payment method
remarks: remarks | guest request
booker_group: booker group
country: booker country
purpose: travel purpose
device: device
unit_type: unit type | room type | unit
listing: listing
nights: duration (nights) | nights | # of nights | duration
room_nights: room nights
cancelled_on: cancellation date | cancelled on
address: address
phone: phone number | contact | phone
property_name: property name
location: location
genius: genius booker
total_payment: total payment
commission: commission
currency: currency | transaction currency
invoice_number: invoice number
original_amount: original amount
final_amount: final amount
payment_fee: payment fee | payments service fee
payment_fee_percent: payments service fee %
property_id: hotel id | property id
city: city
property_country: country
transaction_type: type/transaction type | type | transaction type
statement: statement descriptor
issue_date: issue date
legal_id: legal id
legal_name: legal name
payout_type: payout type
gross_amount: gross amount
tax: tax/vat | vat | tax
transaction_amount: transaction amount
exchange_rate: exchange rate
payable_amount: payable amount
payout_amount: payout amount
payout_currency: payout currency
payout_date: payout date | arriving by date
payout_frequency: payout frequency
bank_account: bank account
earnings: earnings
amount: amount
service_fee: service fee | host fee
cleaning_fee: cleaning fee
gross_earnings: gross earnings
tax_withheld: airbnb remitted tax | occupancy taxes | pass-through tax
paid_out: paid out
details: details
payout_reference: reference code
posted_on: date
earnings_year: earnings year
fast_pay_fee: fast pay fee
""",
    "de": """
reference: buchungsnummer | reservierungsnummer | buchungsnr. | referenznummer
confirmation_code: bestätigungs-code | bestätigungscode
booked_by: gebucht von | name des buchers | buchender gast | bucher
guest_names: name(n) des gastes | gästename(n) | name des gastes | gast | gastname(n) | name der gäste
check_in: check-in | anreise | anreisedatum | startdatum | check-in-datum
check_out: check-out | abreise | abreisedatum | enddatum | check-out-datum
booked_on: gebucht am | buchungsdatum | gebucht
status: status | buchungsstatus
rooms: zimmer | anzahl zimmer | einheiten
persons: personen | gäste | anzahl der personen | anzahl gäste
adults: erwachsene | anzahl der erwachsenen | anzahl erwachsener
children: kinder | anzahl der kinder
infants: kleinkinder | anzahl der kleinkinder | babys
children_ages: alter der kinder | alter des kindes/der kinder | alter der kinder(s)
price: preis | gesamtpreis
commission_percent: kommission % | provision %
commission_amount: kommissionsbetrag | provisionsbetrag | kommission (betrag)
payment_status: zahlungsstatus
payment_method: zahlungsmethode (zahlungsanbieter) | zahlungsart (zahlungsanbieter) | zahlungsmethode | zahlungsart
remarks: anmerkungen | bemerkungen | hinweise
booker_group: buchergruppe | gruppe
country: land des buchers | herkunftsland des buchers | land
purpose: reisezweck | reisegrund | grund der reise
device: gerät
unit_type: art der unterkunftseinheit | zimmertyp | art der einheit | unterkunftstyp | zimmerkategorie
listing: inserat | unterkunft
nights: aufenthaltsdauer (nächte) | dauer (nächte) | anzahl der nächte | nächte
cancelled_on: stornierungsdatum | stornodatum | storniert am
address: adresse
phone: telefonnummer | kontakt | telefon
property_name: name der unterkunft | unterkunftsname
location: ort | standort
genius: genius-gast | genius-bucher
total_payment: gesamtzahlung | gesamtbetrag
commission: kommission | provision
currency: währung | transaktionswährung
invoice_number: rechnungsnummer
original_amount: ursprünglicher betrag
final_amount: endgültiger betrag | endbetrag
payment_fee: zahlungsgebühr
property_id: unterkunfts-id | hotel-id
transaction_type: typ | art | transaktionsart
payout_amount: auszahlungsbetrag
payout_currency: auszahlungswährung
payout_date: auszahlungsdatum
payout_type: auszahlungsart
earnings: einnahmen | einkünfte
amount: betrag
service_fee: servicegebühr
cleaning_fee: reinigungsgebühr
gross_earnings: bruttoeinkünfte | bruttoeinnahmen
tax_withheld: von airbnb abgeführte steuer
paid_out: ausgezahlt
details: details
payout_reference: referenzcode
posted_on: datum
""",
    "fr": """
reference: numéro de réservation | n° de réservation | référence de réservation
confirmation_code: code de confirmation
booked_by: réservé par | nom du client ayant réservé | nom de la personne ayant réservé
guest_names: nom du client | nom(s) du client | nom(s) du/des client(s) | nom du voyageur | nom des clients | voyageur
check_in: arrivée | date d'arrivée | check-in | date de début
check_out: départ | date de départ | check-out | date de fin
booked_on: réservé le | date de réservation | réservée le | réservé
status: statut | statut de la réservation | état
rooms: hébergements | chambres | nombre de chambres | unités
persons: personnes | nombre de personnes | voyageurs
adults: adultes | nombre d'adultes | nb d'adultes
children: enfants | nombre d'enfants | nb d'enfants
infants: bébés | nombre de bébés
children_ages: âge(s) des enfants | âge des enfants | âge(s) de l'enfant/des enfants
price: tarif | prix | montant | prix total
commission_percent: commission % | % de commission
commission_amount: montant de la commission
payment_status: statut du paiement
payment_method: moyen de paiement (prestataire de paiement) | mode de paiement (prestataire de paiement) | moyen de paiement
remarks: remarques | commentaires
booker_group: groupe
country: pays du client | pays de la personne ayant réservé
purpose: motif du voyage | motif de voyage
device: appareil
unit_type: type d'hébergement | type de chambre | type d'unité
listing: annonce | logement
nights: durée du séjour (nuits) | durée (nuits) | nombre de nuits | nb de nuits | nuits
cancelled_on: date d'annulation | annulée le
address: adresse
phone: numéro de téléphone | contact | téléphone
property_name: nom de l'établissement
location: emplacement | localisation
total_payment: paiement total | montant total
commission: commission
currency: devise
invoice_number: numéro de facture
original_amount: montant initial
final_amount: montant final
transaction_type: type | type de transaction
earnings: revenus
service_fee: frais de service
cleaning_fee: frais de ménage
gross_earnings: revenus bruts
paid_out: versé
details: détails
payout_reference: code de référence
posted_on: date
""",
    "es": """
reference: número de reserva | n.º de reserva | nº de reserva | número de la reserva
confirmation_code: código de confirmación
booked_by: reservado por | nombre de quien reserva | nombre de la persona que hizo la reserva
guest_names: nombre del cliente | nombre(s) del cliente | nombre(s) del huésped | nombre del huésped | huésped | clientes
check_in: entrada | check-in | llegada | fecha de entrada | fecha de inicio | fecha de llegada
check_out: salida | check-out | fecha de salida | fecha de finalización | fecha de fin
booked_on: fecha de reserva | reservado el | fecha de la reserva | reservado | reservada
status: estado | estado de la reserva
rooms: habitaciones | unidades | número de habitaciones
persons: personas | huéspedes | número de personas
adults: adultos | n.º de adultos | número de adultos
children: niños | n.º de niños | número de niños
infants: bebés | n.º de bebés | número de bebés
children_ages: edad(es) de los niños | edad de los niños | edades de los niños | edad del niño/de los niños
price: precio | importe total | precio total
commission_percent: comisión % | % de comisión | % comisión
commission_amount: importe de la comisión | importe de comisión
payment_status: estado del pago
payment_method: método de pago (proveedor de pagos) | forma de pago (proveedor de pagos) | método de pago
remarks: comentarios | observaciones | notas
booker_group: grupo
country: país del cliente | país de quien reserva
purpose: motivo del viaje
device: dispositivo
unit_type: tipo de unidad | tipo de habitación | tipo de alojamiento
listing: anuncio
nights: duración (noches) | n.º de noches | número de noches | noches
cancelled_on: fecha de cancelación | cancelado el
address: dirección
phone: número de teléfono | teléfono | contacto
property_name: nombre del alojamiento | nombre del establecimiento
location: ubicación
total_payment: pago total
commission: comisión
currency: moneda | divisa
invoice_number: número de factura
original_amount: importe original
final_amount: importe final
transaction_type: tipo | tipo de transacción
earnings: ingresos | ganancias
amount: importe
service_fee: tarifa de servicio | comisión de servicio
cleaning_fee: gastos de limpieza | tarifa de limpieza
gross_earnings: ingresos brutos | ganancias brutas
paid_out: cobrado | pagado
details: detalles
payout_reference: código de referencia
posted_on: fecha
""",
    "it": """
reference: numero di prenotazione | numero prenotazione | n. di prenotazione
confirmation_code: codice di conferma
booked_by: prenotato da | nome di chi ha prenotato
guest_names: nome dell'ospite | nome ospite/i | nome degli ospiti | nome ospite | nomi degli ospiti | ospite | nome/i degli ospiti
check_in: arrivo | check-in | data di arrivo | data di inizio | data di check-in
check_out: partenza | check-out | data di partenza | data di fine | data di check-out
booked_on: prenotato il | data di prenotazione | data della prenotazione | prenotata il
status: stato | stato della prenotazione
rooms: camere | unità | numero di camere
persons: persone | ospiti | numero di persone
adults: adulti | n. di adulti | numero di adulti
children: bambini | n. di bambini | numero di bambini
infants: neonati | n. di neonati | numero di neonati
children_ages: età dei bambini | età del/i bambino/i | età bambini
price: prezzo | importo totale | prezzo totale
commission_percent: commissione % | % commissione | commissioni %
commission_amount: importo della commissione | importo commissione | importo commissioni
payment_status: stato del pagamento | stato pagamento
payment_method: metodo di pagamento (fornitore del servizio di pagamento) | metodo di pagamento (payment provider) | metodo di pagamento
remarks: note | commenti | osservazioni
booker_group: gruppo
country: paese di chi ha prenotato | paese dell'ospite | paese del cliente
purpose: scopo del viaggio | motivo del viaggio
device: dispositivo
unit_type: tipologia di unità | tipo di unità | tipo di camera | tipologia camera | tipologia unità
listing: annuncio
nights: durata (notti) | durata del soggiorno (notti) | n. di notti | numero di notti | notti
cancelled_on: data di cancellazione | data cancellazione
address: indirizzo
phone: numero di telefono | telefono | contatto
property_name: nome della struttura | nome struttura
location: località | posizione
total_payment: pagamento totale
commission: commissione
currency: valuta
invoice_number: numero di fattura | numero fattura
transaction_type: tipo | tipo di transazione
earnings: guadagni
amount: importo
service_fee: costi del servizio
cleaning_fee: spese di pulizia | costi di pulizia
gross_earnings: guadagni lordi
paid_out: versato | pagato
details: dettagli
payout_reference: codice di riferimento
posted_on: data
""",
    "nl": """
reference: reserveringsnummer | boekingsnummer | boekingnummer
confirmation_code: bevestigingscode
booked_by: geboekt door | naam boeker | naam van de boeker
guest_names: naam gast(en) | naam van de gast(en) | gastnaam | naam van gast(en) | naam gast | gast
check_in: inchecken | check-in | aankomst | incheckdatum | aankomstdatum | begindatum | startdatum
check_out: uitchecken | check-out | vertrek | uitcheckdatum | vertrekdatum | einddatum
booked_on: geboekt op | boekingsdatum | geboekt
status: status | reserveringsstatus
rooms: kamers | eenheden | aantal kamers
persons: personen | gasten | aantal personen
adults: volwassenen | aantal volwassenen
children: kinderen | aantal kinderen
infants: baby's | aantal baby's
children_ages: leeftijd(en) kinderen | leeftijd kinderen | leeftijd van de kinderen | leeftijd(en) van kinderen | leeftijd(en) van kind(eren)
price: prijs | totaalprijs
commission_percent: commissie % | commissiepercentage
commission_amount: commissiebedrag | bedrag commissie
payment_status: betaalstatus | betalingsstatus
payment_method: betaalmethode (betaalprovider) | betaalmethode (betalingsprovider) | betaalmethode
remarks: opmerkingen
booker_group: groep boeker | groep
country: land boeker | land van de boeker
purpose: reisdoel | doel van de reis
device: apparaat
unit_type: type eenheid | kamertype | soort eenheid | type accommodatie
listing: advertentie
nights: verblijfsduur (nachten) | duur (nachten) | aantal nachten | nachten
cancelled_on: annuleringsdatum | geannuleerd op
address: adres
phone: telefoonnummer | contact | telefoon
property_name: naam accommodatie | accommodatienaam
location: locatie
total_payment: totale betaling
commission: commissie
currency: valuta
invoice_number: factuurnummer
transaction_type: type | soort transactie | transactietype
earnings: inkomsten | verdiensten
amount: bedrag
service_fee: servicekosten
cleaning_fee: schoonmaakkosten
gross_earnings: bruto-inkomsten | bruto inkomsten
paid_out: uitbetaald
details: details
payout_reference: referentiecode
posted_on: datum
""",
    "pt": """
reference: número da reserva | número de reserva | n.º da reserva | nº da reserva
confirmation_code: código de confirmação
booked_by: reservado por | reserva feita por | nome de quem reservou
guest_names: nome do hóspede | nome(s) do(s) hóspede(s) | nome(s) do hóspede | nome dos hóspedes | hóspede
check_in: check-in | entrada | chegada | data de check-in | data de início | data de chegada
check_out: check-out | saída | partida | data de check-out | data de término | data de fim | data de saída
booked_on: reservado em | reservado a | data da reserva | data de reserva | reservado
status: status | estado | estado da reserva | status da reserva
rooms: quartos | unidades | acomodações
persons: pessoas | hóspedes | número de pessoas
adults: adultos | nº de adultos | n.º de adultos
children: crianças | nº de crianças | n.º de crianças
infants: bebês | bebés | nº de bebês | n.º de bebés
children_ages: idade(s) da(s) criança(s) | idade das crianças | idades das crianças
price: preço | preço total
commission_percent: comissão % | % de comissão | % da comissão
commission_amount: valor da comissão | montante da comissão
payment_status: status do pagamento | estado do pagamento
payment_method: método de pagamento (provedor de pagamento) | forma de pagamento (provedor de pagamentos) | método de pagamento
remarks: observações | comentários
booker_group: grupo
country: país de quem reservou | país do hóspede | país da pessoa que reservou
purpose: motivo da viagem
device: dispositivo
unit_type: tipo de unidade | tipo de quarto | tipo de acomodação
listing: anúncio
nights: duração (noites) | duração (diárias) | nº de noites | n.º de noites | noites
cancelled_on: data de cancelamento | data do cancelamento
address: endereço | morada
phone: número de telefone | telefone | contato | contacto
property_name: nome da propriedade | nome da acomodação | nome do alojamento
location: localização
total_payment: pagamento total
commission: comissão
currency: moeda
invoice_number: número da fatura
transaction_type: tipo | tipo de transação
earnings: ganhos | rendimentos
amount: valor | montante
service_fee: taxa de serviço
cleaning_fee: taxa de limpeza
gross_earnings: ganhos brutos | rendimentos brutos
paid_out: pago
details: detalhes
payout_reference: código de referência
posted_on: data
""",
    **SLAVIC,
}
